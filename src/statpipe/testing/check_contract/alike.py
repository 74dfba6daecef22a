"""What is alike is judged alike, whatever it is called, whenever it was, and however small it is."""

from __future__ import annotations

from collections.abc import Callable

from statpipe.api import Check, Snapshot
from statpipe.testing.alike import (
    in_other_areas,
    in_other_categories,
    in_other_years,
    provisional,
    smallest,
)
from statpipe.testing.check_contract.fixtures import CheckFixtures
from statpipe.testing.check_contract.judging import judged
from statpipe.testing.snapshots import renamed
from statpipe.testing.wording import broken, not_tested

Change = Callable[[Snapshot], Snapshot]


class Alike(CheckFixtures):
    """
    What is alike is judged alike, whatever it is called, whenever it was, and however small it is.
    """

    def test_any_dataset_is_judged_the_same_way(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Also one of another name, unless `applies_to` says that it has nothing to say about it."""
        if check.applies_to(renamed(good).dataset):
            _alike(
                check,
                (good, bad, previous),
                renamed,
                "in a dataset named ZZ9",
                "do not write the name of a dataset into the check; take what is special about one from the "
                "dataset or the settings, or say in applies_to() which datasets it is for",
            )

    def test_any_area_is_judged_the_same_way(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Also areas of other codes and levels, unless the settings name some."""
        self._judges_alike(
            check,
            (good, bad, previous),
            in_other_areas,
            what="of areas with other codes and levels",
            name="areas",
            remedy="do not write areas or levels into the check, in whole or in part; take what is special about one from "
            "the dataset's code list or from the settings",
        )

    def test_any_category_is_judged_the_same_way(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Also categories of other codes and units, unless the settings name some."""
        self._judges_alike(
            check,
            (good, bad, previous),
            in_other_categories,
            what="of categories with other codes and units",
            name="categories",
            remedy="do not write categories or units into the check, in whole or in part; take what is special about one "
            "from the dataset's code list or from the settings",
        )

    def test_any_year_is_judged_the_same_way(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Also periods and releases of other centuries, unless the settings name some."""
        for sign, when in ((-1, "before"), (1, "after")):
            self._judges_alike(
                check,
                (good, bad, previous),
                lambda one, sign=sign: in_other_years(one, sign),  # type: ignore[misc]
                what=f"of periods and a release 400 years {when}",
                name="years",
                remedy="do not write a year into the check; compare periods with each other or with the day of the "
                "release, or take the year from the settings",
            )

    def test_provisional_figures_are_judged_the_same_way(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """A figure is a figure, whatever its status."""
        self._judges_alike(
            check,
            (good, bad, previous),
            provisional,
            what="with the status P (provisional)",
            name="statuses",
            remedy="judge each figure that is shown; obs_status says why there is none",
        )

    def test_small_figures_are_judged_the_same_way(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """A thousand billionth is neither zero nor fine."""
        self._judges_alike(
            check,
            (good, bad, previous),
            smallest,
            what="made as small as Silver can hold, with precision and valid_range of the dataset,",
            name="magnitude",
            remedy="compare figures as they are, without int(), round() and tolerances of your own; take thresholds from "
            "dataset.precision and dataset.valid_range",
        )

    def _judges_alike(
        self,
        check: Check,
        snapshots: tuple[Snapshot, Snapshot, Snapshot | None],
        change: Change,
        *,
        what: str,
        name: str,
        remedy: str,
    ) -> None:
        __tracebackhide__ = True
        if name in self.depends_on:
            return
        if any(one is not None and one.revision is not None for one in snapshots):
            not_tested(
                f"whether figures {what} are judged alike: the snapshots bring a report, which says something else",
                f"a test of your own with other {name}, if the check looks at them",
            )
        meant = (
            f'; if the settings name some, set `depends_on = frozenset({{"{name}"}})` in the class'
        )
        _alike(check, snapshots, change, what, remedy + meant)


def _alike(
    check: Check,
    snapshots: tuple[Snapshot, Snapshot, Snapshot | None],
    change: Change,
    what: str,
    remedy: str,
) -> None:
    __tracebackhide__ = True
    good, bad, previous = snapshots
    before = change(previous) if previous is not None else None
    for snapshot in (good, bad):
        wanted = judged(check, snapshot, previous)
        found = judged(check, change(snapshot), before)
        if (found.passed, found.failures) != (wanted.passed, wanted.failures):
            broken(
                f"the same figures {what} get the verdict {found.message!r} ({found.failures} failures) "
                f"instead of {wanted.message!r} ({wanted.failures} failures)",
                remedy,
            )
