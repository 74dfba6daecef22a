"""What this distribution offers: the standard checks. Their modules are imported to judge."""

from __future__ import annotations

from statpipe.api import Component, hookimpl
from statpipe_checks.settings import (
    ErrorSettings,
    RevisionSettings,
    ShownSettings,
    SumSettings,
    WarningSettings,
)


@hookimpl
def statpipe_checks() -> list[Component]:
    """
    Offer the standard checks: first those of how figures were read, then those of the figures
    themselves.
    """
    return [
        Component(
            name="schema",
            summary="The table has exactly the columns and types of Silver",
            settings=ErrorSettings,
            factory="statpipe_checks.schema:Schema",
        ),
        Component(
            name="non_null_keys",
            summary="Every figure has a complete key; every missing figure has a reason",
            settings=ErrorSettings,
            factory="statpipe_checks.non_null_keys:NonNullKeys",
        ),
        Component(
            name="unique_keys",
            summary="No key occurs twice",
            settings=ErrorSettings,
            factory="statpipe_checks.unique_keys:UniqueKeys",
        ),
        Component(
            name="row_count",
            summary=(
                "The vintage has at least as many rows as the previous one, within the same "
                "selection"
            ),
            settings=ErrorSettings,
            factory="statpipe_checks.row_count:RowCount",
        ),
        Component(
            name="complete",
            summary="Every requested area, category and period is present",
            settings=ErrorSettings,
            factory="statpipe_checks.complete:Complete",
        ),
        Component(
            name="value_range",
            summary="Every figure is within the range that the dataset declares",
            settings=ErrorSettings,
            factory="statpipe_checks.value_range:ValueRange",
        ),
        Component(
            name="stable_categories",
            summary="A category with the same code still measures the same",
            settings=ErrorSettings,
            factory="statpipe_checks.stable_categories:StableCategories",
        ),
        Component(
            name="plausible_revision",
            summary="Revisions and dropped figures stay within plausible limits",
            settings=RevisionSettings,
            factory="statpipe_checks.plausible_revision:PlausibleRevision",
        ),
        Component(
            name="stable_descriptions",
            summary=(
                "Areas and categories have the same names and order as in the previous vintage"
            ),
            settings=WarningSettings,
            factory="statpipe_checks.stable_descriptions:StableDescriptions",
        ),
        Component(
            name="still_shown",
            summary=(
                "Figures that were published before are still published, and no series has a gap"
            ),
            settings=ShownSettings,
            factory="statpipe_checks.still_shown:StillShown",
        ),
        Component(
            name="suspect_patterns",
            summary="No group of figures is all zero, scaled, or a copy of the previous period",
            settings=WarningSettings,
            factory="statpipe_checks.suspect_patterns:SuspectPatterns",
        ),
        Component(
            name="additivity",
            summary="Parts add up to their totals across areas and categories, within rounding",
            settings=SumSettings,
            factory="statpipe_checks.additivity:Additivity",
        ),
        Component(
            name="agreement",
            summary="Figures published in two datasets agree",
            settings=WarningSettings,
            factory="statpipe_checks.agreement:Agreements",
        ),
    ]
