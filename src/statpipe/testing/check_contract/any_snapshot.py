"""A check applies or not, and judges whatever comes: also an empty vintage, or the first."""

from __future__ import annotations

import attrs

from statpipe.api import Check, Snapshot
from statpipe.testing.check_contract.fixtures import CheckFixtures
from statpipe.testing.check_contract.judging import judged
from statpipe.testing.snapshots import in_other_areas, renamed, without_figures
from statpipe.testing.wording import broken, foreseen, not_tested


class AnySnapshot(CheckFixtures):
    """
    A check applies or not, and judges whatever comes: also an empty vintage, or the first.
    """

    def test_it_judges_a_first_vintage_and_an_empty_one(
        self, check: Check, good: Snapshot, bad: Snapshot
    ) -> None:
        """There may be nothing before it, and nothing in it."""
        for snapshot in (good, bad, attrs.evolve(good, table=good.table.slice(0, 0))):
            judged(check, snapshot, None)
        judged(check, good, attrs.evolve(good, table=good.table.slice(0, 0)))

    def test_it_says_whether_it_applies(self, check: Check, good: Snapshot) -> None:
        """True or False."""
        with foreseen("applies_to()", "return True or False"):
            applies = check.applies_to(good.dataset)
        if not isinstance(applies, bool):
            broken(f"applies_to() is {applies!r}", "return True or False")

    def test_it_judges_any_dataset_alike(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Also one of another name, unless `applies_to` says that it has nothing to say about it."""
        for snapshot in (good, bad):
            other = renamed(snapshot)
            if not check.applies_to(other.dataset):
                continue
            wanted, found = (
                judged(check, one, before)
                for one, before in (
                    (snapshot, previous),
                    (other, renamed(previous) if previous else None),
                )
            )
            if (found.passed, found.failures) != (wanted.passed, wanted.failures):
                broken(
                    f"the same figures in a dataset named {other.dataset.name} get the verdict "
                    f"{found.message!r} ({found.failures} failures) instead of {wanted.message!r} "
                    f"({wanted.failures} failures)",
                    "do not write the name of a dataset into the check; take what is special about one from the "
                    "dataset or the settings, or say in applies_to() which datasets it is for",
                )

    def test_it_judges_any_area_alike(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Also areas of other codes, unless the settings name some."""
        if self.names_areas:
            return
        if good.revision is not None or bad.revision is not None:
            not_tested(
                "whether areas of other codes are judged alike: the snapshots bring a report that names areas",
                "a test of your own, with other areas, if the check looks at areas",
            )
        for snapshot in (good, bad):
            wanted = judged(check, snapshot, previous)
            found = judged(
                check, in_other_areas(snapshot), in_other_areas(previous) if previous else None
            )
            if (found.passed, found.failures) != (wanted.passed, wanted.failures):
                broken(
                    f"the same figures of areas with other codes get the verdict {found.message!r} "
                    f"({found.failures} failures) instead of {wanted.message!r} ({wanted.failures} failures)",
                    "do not write areas into the check; take what is special about one from the dataset's code "
                    "list or from the settings, and set `names_areas = True` if the settings name some",
                )

    def test_it_judges_a_vintage_without_figures(
        self, check: Check, good: Snapshot, previous: Snapshot | None
    ) -> None:
        """An agency may suppress whatever it likes."""
        judged(check, attrs.evolve(good, table=without_figures(good.table)), previous)
