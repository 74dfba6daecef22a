"""States across agencies: spending and prices from BEA, unemployment from BLS."""

from __future__ import annotations

import re
from importlib.resources import files

from statpipe.api import Column, Model
from statpipe.api.gold import standard

_NAME = "unemployment"
"""The name of the unemployment family in the SQL file."""


def state_look(unemployment: str) -> Model:
    """
    Return the model that joins BLS's unemployment rate, from the family of this name, to spending
    and prices.
    """
    sql = (files(__package__) / "state_look.sql").read_text(encoding="utf-8")
    return Model(
        name=f"{unemployment}_and_pce",
        title="States: consumer spending per person, price level and unemployment, by year",
        inputs=(
            "pce_state_history",
            "pce_state_area",
            "rpp_state_history",
            f"{unemployment}_history",
        ),
        grain=("ref_area", "time_period"),
        columns=_columns(),
        sql=re.sub(rf"\b{_NAME}_history\b", f"{unemployment}_history", sql),
        materialized="view",
        measure="unemployment_rate",
    )


def _columns() -> tuple[Column, ...]:
    return (
        *standard("ref_area time_period area_name year"),
        Column(name="pce_per_capita", type="decimal", unit="Dollars",
               description="Personal consumption expenditures per capita (BEA, SAPCE2 line 1)"),
        Column(name="price_level", type="decimal", unit="Index, US = 100",
               description="Regional price parity, all items (BEA, SARPP)"),
        Column(name="pce_per_capita_at_us_prices", type="double", unit="Dollars",
               description=(
                   "PCE per capita divided by the price level, times 100: its value at average "
                   "US prices"
               )),
        Column(name="unemployment_rate", type="decimal", unit="Percent",
               description=(
                   "Unemployment rate, annual average, not seasonally adjusted (BLS, LA measure "
                   "03)"
               )),
        Column(name="pce_vintage", type="text", nullable=False,
               description="Release that set the PCE per capita"),
        Column(name="price_level_vintage", type="text",
               description="Release that set the price level"),
        Column(name="unemployment_vintage", type="text",
               description="Release that set the unemployment rate"),
    )  # fmt: skip
