"""The columns that the standard Gold models share: one description each."""

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
        _c("time_period", "text", "Period that the figure describes, such as 2023, 2023-Q1, 2023-05, 2023-W05"),
        _c("category", "text", "Stable identifier of what is measured"),
        _c("dataset", "text", "Dataset of the agency, such as a table"),
        _c("area_name", "text", "Name of the area"),
        _c("geo_level", "text", "What the area is, such as country, region or state"),
        _c("geo_fips", "text", "Area in the agency's own coding"),
        _c("state_fips", "text", "Two-digit FIPS code of a state, as maps use it; empty for other areas",
           null=True),
        _c("iso_3166", "text", "Area in ISO 3166-1 or -2, such as US or US-CA", null=True),
        _c("freq", "text", "Frequency (SDMX CL_FREQ): A annual, S half-yearly, T every four months, Q quarterly, "
           "M monthly, W weekly, D daily, B business days; H, I and N have date-times"),
        _c("period_start", "date", "First day of the period"),
        _c("period_end", "date", "Last day of the period"),
        _c("year", "integer", "Year of the period; of a week, its ISO year"),
        _c("category_name", "text", "The agency's title of the category"),
        _c("parent_category", "text", "Category that this one is a part of", null=True),
        _c("top_category", "text", "Category at the top of the hierarchy that this one belongs to"),
        _c("sign", "integer", "+1 or -1: added to or subtracted from the parent"),
        _c("category_depth", "integer", "Steps below the top of the hierarchy"),
        _c("category_path", "text", "Titles from the top of the hierarchy down to the category"),
        _c("value", "decimal", "The figure exactly as published; empty if the agency does not show it",
           null=True, unit="see unit", places="decimals"),
        _c("decimals", "small", "Decimal places that the figure is printed with", null=True),
        _c("value_float", "double", "The figure as a floating-point number, for tools that do not "
           "calculate with exact decimals", null=True, unit="see unit"),
        _c("unit", "text", "Unit as the agency prints it"),
        _c("unit_mult", "integer", "Power of ten of the unit"),
        _c("obs_status", "text",
           "A normal, N not significant, O missing, Q suppressed (SDMX CL_OBS_STATUS)"),
        _c("source_symbol", "text", "Marker as the agency prints it, such as (L)", null=True),
        _c("notes", "text", "Text of the figure's footnotes", null=True),
        _c("vintage", "text", "Release that set the figure"),
        _c("basis", "text", "Who dates the release: agency, its service, or observed: the day on which it was first seen"),
        _c("seen_before", "date", "Of an observed release, the last day on which it was not there yet", null=True),
        _c("realtime_start", "date", "First day on which the figure was the latest: its release"),
        _c("realtime_end", "date",
           "Last day on which it was the latest; 9999-12-31 while it is. Before realtime_start, if it "
           "was replaced under the same date"),
        _c("old_value", "decimal", "The figure before", null=True, unit="see old_unit"),
        _c("new_value", "decimal", "The figure that replaced it", null=True, unit="see new_unit"),
        _c("difference", "decimal", "New minus old; empty if the units differ", null=True, unit="see new_unit"),
        _c("percent", "double", "Difference in per cent of the old figure's absolute value", null=True, unit="%"),
        _c("old_unit", "text", "Unit before"),
        _c("new_unit", "text", "Unit since"),
        _c("old_status", "text", "Status before (SDMX CL_OBS_STATUS)"),
        _c("new_status", "text", "Status since (SDMX CL_OBS_STATUS)"),
        _c("old_symbol", "text", "The agency's mark before, such as (D)", null=True),
        _c("new_symbol", "text", "The agency's mark since", null=True),
        _c("old_vintage", "text", "Release of what stood before"),
        _c("new_vintage", "text", "Release that replaced it"),
        _c("revised_on", "date", "Day of the new release"),
        _c("previous_value", "decimal", "The figure of the period before", null=True, unit="see unit"),
        _c("change", "decimal", "The figure less that of the period before", null=True,
           unit="see unit"),
        _c("percent_change", "double", "Change in per cent of the earlier figure's size", null=True,
           unit="%"),
        _c("reason", "text", "Why there is no percentage; empty if there is one", null=True),
        _c("mean_3y", "double", "Mean of the last three years; empty unless all have a figure",
           null=True, unit="see unit"),
        _c("mean_5y", "double", "Mean of the last five years; empty unless all have a figure",
           null=True, unit="see unit"),
        _c("growth_3y", "double", "Compound growth a year since three years ago; empty unless both "
           "figures are positive", null=True, unit="% a year"),
        _c("growth_5y", "double", "Compound growth a year since five years ago; empty unless both "
           "figures are positive", null=True, unit="% a year"),
        _c("figures_3y", "integer", "How many of the last three years have a figure"),
        _c("figures_5y", "integer", "How many of the last five years have a figure"),
    )
}  # fmt: skip


def standard(names: str) -> tuple[Column, ...]:
    """
    Return the standard columns of these names, which stand apart by blanks.
    """
    return tuple(STANDARD[name] for name in names.split())
