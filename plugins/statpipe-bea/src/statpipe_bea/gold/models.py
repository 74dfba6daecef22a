"""The Gold models of PCE by state, of regional prices, and of both together."""

from __future__ import annotations

import re
from importlib.resources import files

from statpipe.api import Column, Model
from statpipe.api.gold import gold_models, standard

_NAME = "pce_state"
_TITLE = "Personal consumption expenditures by state"
_REAL = "Real personal consumption expenditures by state"
_GRAIN = ("ref_area", "category", "time_period")


def pce_state_models(name: str = _NAME, source: str = "bea_pce_state") -> list[Model]:
    """
    Return the standard models of a source, and shares and ranks.
    """
    return [
        *gold_models(name=name, source=source, title=_TITLE, freq="A"),
        _share(name),
        _rank(name),
    ]


def rpp_state_models(name: str = "rpp_state", source: str = "bea_rpp_state") -> list[Model]:
    """
    Return the standard models of regional prices and real income.
    """
    return gold_models(
        name=name,
        source=source,
        title="Regional price parities, real income and price deflators by state",
        freq="A",
    )


def pce_state_real_models() -> list[Model]:
    """
    Return PCE in constant prices, in matching vintages, and its differences from BEA's own figures.
    """
    return [_real_history(), _real(), _real_check()]


def _real_history() -> Model:
    return Model(
        name=f"{_NAME}_real_history",
        title=f"{_REAL}: one vintage for every release of deflators, with PCE of the same season",
        inputs=(f"{_NAME}_history", f"{_NAME}_area", "rpp_state_history"),
        grain=("ref_area", "time_period", "deflator_vintage"),
        columns=(*_real_columns(), *standard("realtime_start realtime_end")),
        sql=_sql("pce_state_real_history"),
        materialized="view",
        measure="value",
    )


def _real() -> Model:
    return Model(
        name=f"{_NAME}_real",
        title=f"{_REAL}: nominal PCE divided by the deflators of the same season",
        inputs=(f"{_NAME}_real_history",),
        grain=("ref_area", "time_period"),
        columns=(*_real_columns(), *standard("realtime_start")),
        sql=_sql("pce_state_real"),
        materialized="view",
        measure="value",
    )


def _real_check() -> Model:
    shown = "ref_area time_period area_name year value bea_value relative_difference unit"
    columns = {column.name: column for column in _real_columns()}
    return Model(
        name=f"{_NAME}_real_check",
        title=f"{_REAL}: differences from BEA's own figures",
        inputs=(f"{_NAME}_real_history",),
        grain=("ref_area", "time_period", "deflator_vintage"),
        columns=tuple(columns[name] for name in f"{shown} pce_vintage deflator_vintage".split()),
        sql=_sql("pce_state_real_check"),
        materialized="view",
        measure="relative_difference",
        check="real_pce",
    )


def _real_columns() -> tuple[Column, ...]:
    return (
        *standard("ref_area time_period area_name year"),
        Column(name="value", type="double", unit="see unit",
               description="PCE in constant prices: nominal PCE divided by the deflator, times "
                           "100; states and DC only, since the US has no deflator"),
        *standard("unit unit_mult"),
        Column(name="base_year", type="integer", nullable=False,
               description="Base year of the prices: the year in which the US deflator is 100"),
        Column(name="nominal_value", type="decimal", unit="Millions of current dollars",
               description=(
                   "PCE in current prices (SAPCE1 line 1) as of the release date of the "
                   "deflators"
               )),
        Column(name="deflator", type="decimal", unit="Index, US in base_year = 100",
               description="Implicit regional price deflator"),
        Column(name="bea_value", type="decimal", unit="see unit",
               description=(
                   "BEA's own real PCE in the release of the deflators; empty if the lake lacks "
                   "it"
               )),
        Column(name="relative_difference", type="double", unit="ratio",
               description="Value minus bea_value, divided by bea_value"),
        Column(name="pce_vintage", type="text", nullable=False,
               description=(
                   "Release of PCE: the last one of the season up to the release of the "
                   "deflators"
               )),
        Column(name="deflator_vintage", type="text", nullable=False,
               description="Release of the deflators"),
    )  # fmt: skip


def _share(family: str) -> Model:
    return Model(
        name=f"{family}_share",
        title=f"{_TITLE}: shares of the parent category and of the table's total",
        inputs=(family,),
        grain=_GRAIN,
        columns=(
            *standard("ref_area time_period category dataset area_name geo_level category_name"),
            *standard("parent_category sign year value"),
            Column(name="parent_value", type="decimal", unit="see unit",
                   description="Figure of the parent category in this area and period"),
            Column(name="total_value", type="decimal", unit="see unit",
                   description="Figure at the top of the table in this area and period"),
            Column(name="share_of_parent", type="double", unit="%",
                   description="Value in per cent of the parent's, or, if sign is -1, of the "
                               "figure that it is subtracted from"),
            Column(name="share_of_total", type="double", unit="%",
                   description="Value in per cent of the table's total"),
            *standard("unit unit_mult"),
        ),
        sql=_of_family(_sql("pce_state_share"), family),
        materialized="view",
        measure="share_of_total",
    )  # fmt: skip


def _rank(family: str) -> Model:
    return Model(
        name=f"{family}_rank",
        title=f"{_TITLE}: rank among the states and location quotient against the US",
        inputs=(family, f"{family}_share"),
        grain=_GRAIN,
        columns=(
            *standard("ref_area time_period category dataset area_name category_name year value"),
            Column(name="rank", type="integer",
                   description=(
                       "Rank among the states and DC; 1 is the largest, equal figures share a "
                       "rank"
                   )),
            Column(name="states", type="integer", nullable=False,
                   description="Number of states and DC with a figure"),
            Column(name="share_of_total", type="double", unit="%",
                   description="Value in per cent of the state's total"),
            Column(name="share_of_total_us", type="double", unit="%",
                   description="The same for the US"),
            Column(name="location_quotient", type="double", unit="ratio",
                   description="The state's share divided by the US share; above 1, the state "
                               "spends more of its total on this"),
            *standard("unit unit_mult"),
        ),
        sql=_of_family(_sql("pce_state_rank"), family),
        materialized="view",
        measure="location_quotient",
    )  # fmt: skip


def _of_family(sql: str, family: str) -> str:
    """Let SQL that is written for PCE by state read another family's models."""
    return re.sub(rf"\b{_NAME}(?=\b|_share\b)", family, sql)


def _sql(name: str) -> str:
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
