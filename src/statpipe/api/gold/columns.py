"""The columns that the standard Gold models share, each described once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statpipe.domain.model import Column


def _c(
    name: str,
    kind: Any,
    description: str,
    *,
    null: bool = False,
    unit: str | None = None,
    places: str | None = None,
) -> Column:
    return Column(
        name=name, type=kind, description=description, nullable=null, unit=unit, places=places
    )


STANDARD: Mapping[str, Column] = {
    column.name: column
    for column in (
        _c("ref_area", "text", "Area: USPS code of a state, US, or the agency's code of a region"),
        _c("time_period", "text", "Period of the figure, such as 2023, 2023-Q1, 2023-05, 2023-W05"),
        _c("category", "text", "Stable identifier of what is measured"),
        _c("dataset", "text", "Dataset of the agency, such as a table"),
        _c("area_name", "text", "Name of the area"),
        _c("geo_level", "text", "Kind of area, such as country, region or state"),
        _c("geo_fips", "text", "The agency's own code for the area"),
        _c("state_fips", "text", (
            "Two-digit FIPS code of a state, used by maps; empty for other areas"
        ),
           null=True),
        _c("iso_3166", "text", "ISO 3166-1 or 3166-2 code of the area, such as US or US-CA", null=True),
        _c("freq", "text", "Frequency (SDMX CL_FREQ): A annual, S half-yearly, T every four "
                           "months, Q quarterly, M monthly, W weekly, D daily, B business days; "
                           "H, I and N are date-times"),
        _c("period_start", "date", "First day of the period"),
        _c("period_end", "date", "Last day of the period"),
        _c("year", "integer", "Year of the period; of a week, its ISO year"),
        _c("category_name", "text", "The agency's title of the category"),
        _c("parent_category", "text", "Parent category", null=True),
        _c("top_category", "text", "Category at the top of this one's hierarchy"),
        _c("sign", "integer", "+1 or -1: added to or subtracted from the parent"),
        _c("category_depth", "integer", "Levels below the top of the hierarchy"),
        _c("category_path", "text", "Titles from the top of the hierarchy down to this category"),
        _c("value", "decimal", (
            "The figure exactly as published; empty if the agency does not publish it"
        ),
           null=True, unit="see unit", places="decimals"),
        _c("decimals", "small", "Decimal places of the published figure", null=True),
        _c("value_float", "double", "The figure as a floating-point number, for tools without "
                                    "exact decimals", null=True, unit="see unit"),
        _c("unit", "text", "Unit as the agency prints it"),
        _c("unit_mult", "integer", "Power of ten of the unit"),
        _c("obs_status", "text",
           "A normal, N not significant, O missing, Q suppressed (SDMX CL_OBS_STATUS)"),
        _c("source_symbol", "text", "Marker as the agency prints it, such as (L)", null=True),
        _c("notes", "text", "Text of the figure's footnotes", null=True),
        _c("vintage", "text", "Release that set the figure"),
        _c("basis", "text", (
            "Origin of the release date: agency, service (the agency's server), or observed "
            "(the day it was first seen)"
        )),
        _c("seen_before", "date", (
            "For an observed release: the last day on which it was not yet available"
        ), null=True),
        _c("realtime_start", "date", "First day on which the figure was current: its release date"),
        _c("realtime_end", "date",
           "Last day on which the figure was current; 9999-12-31 if it still is. Earlier than "
           "realtime_start if it was replaced on its release date"),
        _c("old_value", "decimal", "The previous figure", null=True, unit="see old_unit"),
        _c("new_value", "decimal", "The new figure", null=True, unit="see new_unit"),
        _c("difference", "decimal", "New minus old; empty if the units differ", null=True, unit="see new_unit"),
        _c("percent", "double", "Difference in per cent of the old figure's absolute value", null=True, unit="%"),
        _c("old_unit", "text", "Unit before"),
        _c("new_unit", "text", "Unit since"),
        _c("old_status", "text", "Previous status (SDMX CL_OBS_STATUS)"),
        _c("new_status", "text", "New status (SDMX CL_OBS_STATUS)"),
        _c("old_symbol", "text", "Previous marker of the agency, such as (D)", null=True),
        _c("new_symbol", "text", "New marker of the agency", null=True),
        _c("old_vintage", "text", "Release that set the previous figure"),
        _c("new_vintage", "text", "Release that set the new figure"),
        _c("revised_on", "date", "Date of the new release"),
        _c("previous_value", "decimal", "The figure of the previous period", null=True, unit="see unit"),
        _c("change", "decimal", "The figure minus that of the previous period", null=True,
           unit="see unit"),
        _c("percent_change", "double", "Change in per cent of the earlier figure's absolute value", null=True,
           unit="%"),
        _c("reason", "text", "Why there is no percentage; empty if there is one", null=True),
        _c("mean_3y", "double", (
            "Mean of the last three years; empty unless all three have a figure"
        ),
           null=True, unit="see unit"),
        _c("mean_5y", "double", "Mean of the last five years; empty unless all five have a figure",
           null=True, unit="see unit"),
        _c("growth_3y", "double", "Compound annual growth over three years; empty unless both "
                                  "figures are positive", null=True, unit="% a year"),
        _c("growth_5y", "double", "Compound annual growth over five years; empty unless both "
                                  "figures are positive", null=True, unit="% a year"),
        _c("figures_3y", "integer", "Number of the last three years that have a figure"),
        _c("figures_5y", "integer", "Number of the last five years that have a figure"),
    )
}  # fmt: skip


def standard(names: str) -> tuple[Column, ...]:
    """
    Return the standard columns with these names, which are separated by blanks.
    """
    return tuple(STANDARD[name] for name in names.split())
