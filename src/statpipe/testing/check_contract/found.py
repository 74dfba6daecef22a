"""What fails is found: all of it, wherever it stands, and the first cells are shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import attrs

from statpipe.api import Check, CheckResult, Snapshot, Vintage
from statpipe.domain.observation import CELL
from statpipe.domain.verdict import SHOWN_CELLS
from statpipe.testing.cells import Key
from statpipe.testing.check_contract.fixtures import CheckFixtures
from statpipe.testing.check_contract.judging import judged
from statpipe.testing.snapshots import grown, long_ago
from statpipe.testing.wording import agree, broken, not_tested

_MANY = 73
_NUMBER = re.compile(r"\d[\d,]*")
_ROWS = 3_000


class Found(CheckFixtures):
    """
    What fails is found: all of it, wherever it stands, and the first cells are shown.
    """

    def test_a_good_vintage_passes(
        self, check: Check, good: Snapshot, previous: Snapshot | None
    ) -> None:
        """With nothing to complain about."""
        result = judged(check, good, previous)
        if not result.passed or result.failures or result.cells:
            broken(
                f"the fixture `good` does not pass: {result.message!r}, {result.failures} failures",
                "correct the check or the fixture; a check that passes has no failures and no cells",
            )
        if not result.judged:
            broken(
                f"the fixture `good` is not judged: {result.message!r}",
                "give a snapshot that it can judge; one that wants the vintage before it needs `previous`",
            )

    def test_a_bad_vintage_fails(
        self, check: Check, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """With how many cells, and the first of them."""
        result = judged(check, bad, previous)
        if result.passed:
            broken(f"the fixture `bad` passes: {result.message!r}", "correct check or fixture")
        if result.failures < 1 or len(result.cells) > min(result.failures, SHOWN_CELLS):
            broken(
                f"it fails with failures={result.failures} and {len(result.cells)} cells",
                f"count all cells in `failures`, and show the first {SHOWN_CELLS} of them in `cells`",
            )

    def test_the_shown_cells_are_those_that_fail(
        self,
        check: Check,
        bad: Snapshot,
        previous: Snapshot | None,
        failing: Sequence[Key] | None,
    ) -> None:
        """By their keys, so that readers find them in the table."""
        if failing is None:
            not_tested(
                "whether the cells that are shown are those that fail",
                "the fixture `failing`: the keys of the cells of `bad` that fail, if the check finds cells",
            )
        result, names = judged(check, bad, previous), CELL
        agree(result.failures, len(failing), "`failures`", "count the cells that fail")
        if result.failures not in _numbers(result.message):
            broken(
                f"{result.failures} cells fail, and the message says {result.message!r}",
                "say in the message how many cells fail",
            )
        keys = [tuple(cell.get(name) for name in names) for cell in result.cells]
        for cell, key in zip(result.cells, keys, strict=True):
            if key not in set(failing):
                broken(
                    f"it shows the cell {dict(cell)}, which is not one of those that fail",
                    f"show {', '.join(names)} of each cell that fails",
                )
        agree(
            len(set(keys)),
            min(len(failing), SHOWN_CELLS),
            "the number of cells that are shown",
            f"show each cell that fails once, up to {SHOWN_CELLS} (statpipe.api.SHOWN_CELLS)",
        )

    def test_many_failures_are_counted_and_some_are_shown(
        self,
        check: Check,
        bad: Snapshot,
        previous: Snapshot | None,
        failing: Sequence[Key] | None,
    ) -> None:
        """A manifest should not contain thousands of cells."""
        many = attrs.evolve(bad, table=grown(bad, _MANY))
        result = judged(check, many, previous)
        lacking = failing is not None and len(result.cells) < min(result.failures, SHOWN_CELLS)
        if len(result.cells) > SHOWN_CELLS or lacking:
            broken(
                f"of {result.failures} failures it shows {len(result.cells)} cells",
                f"show {SHOWN_CELLS} (statpipe.api.SHOWN_CELLS) and count all in `failures`",
            )
        if result.failures == len(result.cells) == SHOWN_CELLS:
            broken(
                f"with {_MANY} times as many failures, it counts {result.failures}: those it shows",
                "count all in `failures`, also those that are not among the cells",
            )
        if previous is not None:
            return  # it may count cells of that vintage
        more = judged(check, attrs.evolve(bad, table=grown(bad, 2 * _MANY)), None)
        one = judged(check, bad, None)
        if one.failures < result.failures >= more.failures:
            broken(
                f"with {2 * _MANY} times as many failures it counts {more.failures}, as with {_MANY} times",
                "count all in `failures`, however many there are",
            )
        if failing is not None and judged(check, long_ago(bad), None).failures == one.failures:
            _counts_all(one, result)

    def test_a_bad_vintage_fails_after_a_good_one(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """If it is bad by itself: usually, there is a vintage before."""
        before = attrs.evolve(good, vintage=Vintage(released=date(1999, 12, 31)))
        by_itself = previous is None and not judged(check, bad, None).passed
        if by_itself and judged(check, bad, before).passed:
            broken(
                "the fixture `bad` does not pass by itself, and passes where a good vintage stands before it",
                "judge the figures of each vintage, whatever stands before it; for a check that judges first vintages "
                "alone, give `previous`",
            )

    def test_a_failure_among_many_rows_is_found(
        self, check: Check, good: Snapshot, bad: Snapshot
    ) -> None:
        """In any row."""
        import pyarrow as pa

        first = judged(check, bad, None)
        plenty = grown(good, 1 + _ROWS // max(1, len(good.table)))
        if not _alike(good, bad):
            not_tested(
                "the check looks at the columns of the table, not at its rows",
                "a `bad` whose rows fail, if the check looks at rows as well",
            )
        if first.passed or not judged(check, attrs.evolve(good, table=plenty), None).passed:
            not_tested(
                "the check looks at more than rows: at periods, or at the vintage before",
                "a test of your own, with a failure among many rows",
            )
        table = pa.concat_tables([plenty.cast(bad.table.schema), bad.table]).unify_dictionaries()
        if judged(check, attrs.evolve(bad, table=table), None).passed:
            broken(
                f"the fixture `bad` passes if {len(plenty):,} good rows stand before it",
                "look at every row",
            )

    def test_a_failure_in_an_early_year_is_found(
        self, check: Check, good: Snapshot, bad: Snapshot, failing: Sequence[Key] | None
    ) -> None:
        """Agencies revise all years, and not only the last one."""
        import pyarrow as pa

        if failing is None:
            not_tested(
                "whether a failure of long ago is found",
                "the fixture `failing`: the keys of the cells of `bad` that fail, if the check finds cells",
            )
        old = long_ago(bad)
        if not _alike(good, bad) or judged(check, old, None).passed:
            not_tested(
                "whether a failure of long ago is found: the check looks at columns, periods or the vintage before",
                "a test of your own, with a failure in an early period",
            )
        both = [good.table.cast(bad.table.schema), old.table]
        table = pa.concat_tables(both).unify_dictionaries()
        if judged(check, attrs.evolve(bad, table=table), None).passed:
            broken(
                "the figures of the fixture `bad` pass as those of a year long ago, where those of `good` stand in "
                "the years after",
                "look at every period",
            )


def _counts_all(one: CheckResult, many: CheckResult) -> None:
    """Each of many copies fails by itself: so do all together, in number, words and severity."""
    __tracebackhide__ = True
    agree(
        many.failures,
        _MANY * one.failures,
        f"`failures` of {_MANY} times as many cells that fail, each in a period of its own,",
        "count the cells that fail, not the areas or the cells that are shown",
    )
    if many.failures not in _numbers(many.message):
        broken(
            f"{many.failures} cells fail, and the message says {many.message!r}",
            "say in the message how many cells fail, not how many are shown",
        )
    agree(
        many.severity,
        one.severity,
        "the severity of many failures",
        "take the severity of the settings, and nothing else",
    )


def _numbers(message: str) -> set[int]:
    return {int(number.replace(",", "")) for number in _NUMBER.findall(message)}


def _alike(one: Snapshot, other: Snapshot) -> bool:
    """Return whether two tables have the same columns."""
    return (one.table.schema.names, one.table.schema.types) == (
        other.table.schema.names,
        other.table.schema.types,
    )
