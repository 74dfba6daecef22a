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
            summary="Every figure has its whole key; a missing figure says why it is missing",
            settings=ErrorSettings,
            factory=NonNullKeys,
        ),
        Component(
            name=UniqueKeys.name,
            summary="No key stands twice",
            settings=ErrorSettings,
            factory=UniqueKeys,
        ),
        Component(
            name=RowCount.name,
            summary="No fewer rows than the vintage before, within what was asked for",
            settings=ErrorSettings,
            factory=RowCount,
        ),
        Component(
            name=Complete.name,
            summary="Every area, category and period that was asked for is there",
            settings=ErrorSettings,
            factory=Complete,
        ),
        Component(
            name=ValueRange.name,
            summary="Every figure lies in the range that the dataset declares",
            settings=ErrorSettings,
            factory=ValueRange,
        ),
        Component(
            name=StableCategories.name,
            summary="A category that kept its code measures what it measured before",
            settings=ErrorSettings,
            factory=StableCategories,
        ),
        Component(
            name=PlausibleRevision.name,
            summary="A release moves and drops figures no farther than releases do",
            settings=RevisionSettings,
            factory=PlausibleRevision,
        ),
        Component(
            name=StableDescriptions.name,
            summary="Areas and categories are named and ordered as in the vintage before",
            settings=WarningSettings,
            factory=StableDescriptions,
        ),
        Component(
            name=StillShown.name,
            summary="Figures that were shown before are still shown, and no series has a gap",
            settings=ShownSettings,
            factory=StillShown,
        ),
        Component(
            name=SuspectPatterns.name,
            summary="No slice of the figures is blanked, scaled, or a copy of the period before",
            settings=WarningSettings,
            factory=SuspectPatterns,
        ),
        Component(
            name=Additivity.name,
            summary="Parts add up to their totals over areas and categories, within rounding",
            settings=SumSettings,
            factory=Additivity,
        ),
        Component(
            name=Agreements.name,
            summary="Figures published in two datasets are the same in both",
            settings=WarningSettings,
            factory=Agreements,
        ),
    ]
