"""The Gold models of PCE by state."""

from __future__ import annotations

from importlib.resources import files

from statpipe.api import Column, Model
from statpipe.api.gold import gold_models, standard

_NAME = "pce_state"
_TITLE = "Personal consumption expenditures by state"
_GRAIN = ("ref_area", "category", "time_period")


def pce_state_models() -> list[Model]:
    """
    Return the standard models, and shares and ranks.
    """
    source = "bea_pce_state"
    return [
        *gold_models(name=_NAME, source=source, title=_TITLE, freq="A"),
        _share(),
        _rank(),
    ]


def _share() -> Model:
    return Model(
        name=f"{_NAME}_share",
        title=f"{_TITLE}: shares of the parent category and of the table's total",
        inputs=(_NAME,),
        grain=_GRAIN,
        columns=(
            *standard("ref_area time_period category dataset area_name geo_level category_name"),
            *standard("parent_category sign year value"),
            Column(name="parent_value", type="decimal", unit="see unit",
                   description="Figure of the parent category in this area and period"),
            Column(name="total_value", type="decimal", unit="see unit",
                   description="Figure at the top of the table in this area and period"),
            Column(name="share_of_parent", type="double", unit="%",
                   description="Value in per cent of the parent's; where sign is -1, of what it is "
                   "subtracted from"),
            Column(name="share_of_total", type="double", unit="%",
                   description="Value in per cent of the table's total"),
            *standard("unit unit_mult"),
        ),
        sql=_sql("pce_state_share"),
        materialized="view",
        measure="share_of_total",
    )  # fmt: skip


def _rank() -> Model:
    return Model(
        name=f"{_NAME}_rank",
        title=f"{_TITLE}: rank among the states and location quotient against the US",
        inputs=(f"{_NAME}_share",),
        grain=_GRAIN,
        columns=(
            *standard("ref_area time_period category dataset area_name category_name year value"),
            Column(name="rank", type="integer",
                   description="Place among the states and DC, 1 the largest; equal figures share one"),
            Column(name="states", type="integer", nullable=False,
                   description="How many of them have a figure"),
            Column(name="share_of_total", type="double", unit="%",
                   description="Value in per cent of the state's total"),
            Column(name="share_of_total_us", type="double", unit="%",
                   description="The same for the US"),
            Column(name="location_quotient", type="double", unit="ratio",
                   description="The state's share over that of the US: above 1, it spends more of its "
                   "total on this"),
            *standard("unit unit_mult"),
        ),
        sql=_sql("pce_state_rank"),
        materialized="view",
        measure="location_quotient",
    )  # fmt: skip


def _sql(name: str) -> str:
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
