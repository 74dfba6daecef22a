"""The Gold models of PCE by state."""

from __future__ import annotations

from importlib.resources import files

from statpipe.api import Column, Model

_COLUMNS = (
    Column(name="ref_area", type="text", nullable=False,
           description="Area: USPS code of a state, US, or BEA's code of a region"),
    Column(name="time_period", type="text", nullable=False, description="Period of the figure"),
    Column(name="category", type="text", nullable=False,
           description="Table and line of BEA, such as SAPCE1:9"),
    Column(name="dataset", type="text", nullable=False, description="Table of BEA"),
    Column(name="line", type="integer", nullable=False, description="Line of the table"),
    Column(name="area_name", type="text", nullable=False, description="Name of the area"),
    Column(name="geo_level", type="text", nullable=False, description="country, region or state"),
    Column(name="geo_fips", type="text", nullable=False, description="BEA's FIPS code of the area"),
    Column(name="year", type="integer", nullable=False, description="Year of the figure"),
    Column(name="category_name", type="text", nullable=False, description="BEA's title of the line"),
    Column(name="parent_category", type="text", description="Line that this one is a part of"),
    Column(name="sign", type="integer", nullable=False,
           description="+1 or -1: added to or subtracted from the parent"),
    Column(name="category_depth", type="integer", nullable=False,
           description="Steps below the top of the table"),
    Column(name="category_path", type="text", nullable=False,
           description="Titles from the top of the table down to the line"),
    Column(name="value", type="decimal", unit="see unit",
           description="The figure exactly as published; empty if BEA does not show it"),
    Column(name="unit", type="text", nullable=False, description="Unit as BEA prints it"),
    Column(name="unit_mult", type="integer", nullable=False, description="Power of ten of the unit"),
    Column(name="obs_status", type="text", nullable=False,
           description="A normal, N not significant, O missing, Q suppressed (SDMX CL_OBS_STATUS)"),
    Column(name="source_symbol", type="text", description="Marker as BEA prints it, such as (L)"),
    Column(name="notes", type="text", description="Text of the figure's footnotes"),
    Column(name="vintage", type="text", nullable=False,
           description="Release of BEA that the figure is from"),
)  # fmt: skip


def pce_state() -> Model:
    """
    Return the model of the latest figures.
    """
    return Model(
        name="pce_state",
        title="Personal consumption expenditures by state, latest figures",
        inputs=("bea_pce_state",),
        grain=("ref_area", "category", "time_period"),
        columns=_COLUMNS,
        sql=(files(__package__) / "pce_state.sql").read_text(encoding="utf-8"),
    )
