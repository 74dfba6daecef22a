"""What this distribution offers: the standard checks. Their modules load duckdb only to judge."""

from __future__ import annotations

from statpipe.api import Component, hookimpl
from statpipe_checks.additivity import Additivity
from statpipe_checks.agreement import Agreements
from statpipe_checks.complete import Complete
from statpipe_checks.non_null_keys import NonNullKeys
from statpipe_checks.plausible_revision import PlausibleRevision
from statpipe_checks.row_count import RowCount
from statpipe_checks.schema import Schema
from statpipe_checks.settings import (
    ErrorSettings,
    RevisionSettings,
    ShownSettings,
    SumSettings,
    WarningSettings,
)
from statpipe_checks.stable_categories import StableCategories
from statpipe_checks.stable_descriptions import StableDescriptions
from statpipe_checks.still_shown import StillShown
from statpipe_checks.suspect_patterns import SuspectPatterns
from statpipe_checks.unique_keys import UniqueKeys
from statpipe_checks.value_range import ValueRange


@hookimpl
def statpipe_checks() -> list[Component]:
    """
    Offer the standard checks: those on our own reading first, then those on the agency's figures.
    """
    return [
        Component(
            name=Schema.name,
            summary="The table has exactly the columns and types of Silver",
            settings=ErrorSettings,
            factory=Schema,
        ),
        Component(
            name=NonNullKeys.name,
            summary="Every figure has a complete key; every missing figure has a reason",
            settings=ErrorSettings,
            factory=NonNullKeys,
        ),
        Component(
            name=UniqueKeys.name,
            summary="No key occurs twice",
            settings=ErrorSettings,
            factory=UniqueKeys,
        ),
        Component(
            name=RowCount.name,
            summary=(
                "The vintage has at least as many rows as the previous one, within the same "
                "selection"
            ),
            settings=ErrorSettings,
            factory=RowCount,
        ),
        Component(
            name=Complete.name,
            summary="Every requested area, category and period is present",
            settings=ErrorSettings,
            factory=Complete,
        ),
        Component(
            name=ValueRange.name,
            summary="Every figure is within the range that the dataset declares",
            settings=ErrorSettings,
            factory=ValueRange,
        ),
        Component(
            name=StableCategories.name,
            summary="A category with the same code still measures the same",
            settings=ErrorSettings,
            factory=StableCategories,
        ),
        Component(
            name=PlausibleRevision.name,
            summary="Revisions and dropped figures stay within plausible limits",
            settings=RevisionSettings,
            factory=PlausibleRevision,
        ),
        Component(
            name=StableDescriptions.name,
            summary=(
                "Areas and categories have the same names and order as in the previous vintage"
            ),
            settings=WarningSettings,
            factory=StableDescriptions,
        ),
        Component(
            name=StillShown.name,
            summary=(
                "Figures that were published before are still published, and no series has a gap"
            ),
            settings=ShownSettings,
            factory=StillShown,
        ),
        Component(
            name=SuspectPatterns.name,
            summary="No group of figures is all zero, scaled, or a copy of the previous period",
            settings=WarningSettings,
            factory=SuspectPatterns,
        ),
        Component(
            name=Additivity.name,
            summary="Parts add up to their totals across areas and categories, within rounding",
            settings=SumSettings,
            factory=Additivity,
        ),
        Component(
            name=Agreements.name,
            summary="Figures published in two datasets agree",
            settings=WarningSettings,
            factory=Agreements,
        ),
    ]
