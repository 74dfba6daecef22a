"""A check applies or not, and judges whatever comes: also an empty vintage, or the first."""

from __future__ import annotations

import attrs

from statpipe.api import Check, Snapshot
from statpipe.testing.check_contract.fixtures import CheckFixtures
from statpipe.testing.check_contract.judging import judged
from statpipe.testing.snapshots import without_figures
from statpipe.testing.wording import broken, foreseen


class AnySnapshot(CheckFixtures):
    """
    A check applies or not, and judges whatever comes: also an empty vintage, or the first.
    """

    def test_a_first_vintage_and_an_empty_one_are_judged(
        self, check: Check, good: Snapshot, bad: Snapshot
    ) -> None:
        """There may be no vintage before it, and no rows in it."""
        for snapshot in (good, bad, attrs.evolve(good, table=good.table.slice(0, 0))):
            judged(check, snapshot, None)
        judged(check, good, attrs.evolve(good, table=good.table.slice(0, 0)))

    def test_the_check_says_whether_it_applies(self, check: Check, good: Snapshot) -> None:
        """True or False."""
        with foreseen("applies_to()", "return True or False"):
            applies = check.applies_to(good.dataset)
        if not isinstance(applies, bool):
            broken(f"applies_to() is {applies!r}", "return True or False")

    def test_a_vintage_without_figures_is_judged(
        self, check: Check, good: Snapshot, previous: Snapshot | None
    ) -> None:
        """An agency may suppress every figure."""
        judged(check, attrs.evolve(good, table=without_figures(good.table)), previous)
