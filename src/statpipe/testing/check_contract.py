"""What every check promises."""

from __future__ import annotations

import copy
import itertools
import json
import random
import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, ClassVar

import attrs
import pytest

from statpipe.api import Check, CheckResult, Snapshot, Vintage
from statpipe.domain.canonical import content_hash
from statpipe.domain.observation import CELL
from statpipe.domain.verdict import SHOWN_CELLS
from statpipe.testing.cells import Key
from statpipe.testing.other_process import judged_elsewhere
from statpipe.testing.snapshots import grown, without_figures
from statpipe.testing.watch import watched
from statpipe.testing.wording import agree, broken, foreseen, missing, told

if TYPE_CHECKING:
    import pyarrow as pa

_ORDERS = 6
_MANY = 73
_FATE = re.compile(
    r"\brefus(?:e|es|ed|al)\b|--accept-revision|kept as published|nothing [\w ]*published",
    re.IGNORECASE,
)
"""Words about what becomes of a vintage. Only the engine knows: it sees severity and all results."""
_ROWS = 3_000


class CheckContract:
    """
    A check says yes or no, with the cells, and touches nothing.

    Inherit it in a class whose name begins with ``Test`` and override three fixtures::

        class TestNoFuture(CheckContract):
            @pytest.fixture
            def check(self):
                return NoFuture(Settings())

            @pytest.fixture
            def good(self):                # a snapshot that passes
                return snapshot(DATASET, {("CA", "1", "2023"): "12.5", ("NY", "1", "2023"): "3"})

            @pytest.fixture
            def bad(self):                 # one that does not
                return snapshot(DATASET, {("CA", "1", "2093"): "12.5", ("NY", "1", "2023"): "3"})

    :func:`statpipe.testing.snapshot` makes a snapshot of figures. Let them have several rows, so that
    their order can be changed. Fixtures that may be overridden besides:

    - ``previous``: the snapshot of the vintage before;
    - ``failing``: the keys of the cells of ``bad`` that fail, such as ``[("CA", "1", "2093")]``;
    - ``lenient``: the same check, set to warn.
    """

    orders: ClassVar[int] = _ORDERS
    """In how many orders of rows each snapshot is judged."""

    @pytest.fixture
    def check(self) -> Check:
        """Override: the check."""
        missing(self, "check", "the check under test")

    @pytest.fixture
    def good(self) -> Snapshot:
        """Override: a snapshot that passes."""
        missing(self, "good", "a Snapshot that passes (statpipe.testing.snapshot makes one)")

    @pytest.fixture
    def bad(self) -> Snapshot:
        """Override: a snapshot that does not pass."""
        missing(self, "bad", "a Snapshot that does not pass (statpipe.testing.snapshot makes one)")

    @pytest.fixture
    def previous(self) -> Snapshot | None:
        """Override, if you like: the vintage before."""
        return None

    @pytest.fixture
    def failing(self) -> Sequence[Key] | None:
        """Override, if you like: the keys of the cells of ``bad`` that fail."""
        return None

    @pytest.fixture
    def lenient(self) -> Check | None:
        """Override, if you like: the same check, set to warn."""
        return None

    def test_what_is_good_passes(
        self, check: Check, good: Snapshot, previous: Snapshot | None
    ) -> None:
        """With nothing to complain about."""
        result = self._judged(check, good, previous)
        if not result.passed or result.failures or result.cells:
            broken(
                f"the fixture `good` does not pass: {result.message!r}, {result.failures} failures",
                "correct the check or the fixture; a check that passes has no failures and no cells",
            )

    def test_what_is_bad_does_not_pass(
        self, check: Check, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """With how many cells, and the first of them."""
        result = self._judged(check, bad, previous)
        if result.passed:
            broken(f"the fixture `bad` passes: {result.message!r}", "correct check or fixture")
        if result.failures < 1 or len(result.cells) > min(result.failures, SHOWN_CELLS):
            broken(
                f"it fails with failures={result.failures} and {len(result.cells)} cells",
                f"count all cells in `failures`, and show the first {SHOWN_CELLS} of them in `cells`",
            )

    def test_the_cells_are_those_that_fail(
        self,
        check: Check,
        bad: Snapshot,
        previous: Snapshot | None,
        failing: Sequence[Key] | None,
    ) -> None:
        """By their keys: whoever reads them must find them in the table."""
        if failing is None:
            return
        result, names = self._judged(check, bad, previous), CELL
        agree(result.failures, len(failing), "`failures`", "count the cells that fail")
        for cell in result.cells:
            key = tuple(cell.get(name) for name in names)
            if key not in set(failing):
                broken(
                    f"it shows the cell {dict(cell)}, which is none of those that fail",
                    f"show {', '.join(names)} of each cell that fails",
                )

    def test_many_failures_are_counted_and_some_are_shown(
        self, check: Check, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """A manifest is no place for thousands of cells."""
        many = attrs.evolve(bad, table=grown(bad, _MANY))
        result = self._judged(check, many, previous)
        if len(result.cells) > SHOWN_CELLS:
            broken(
                f"of {result.failures} failures it shows {len(result.cells)} cells",
                f"show {SHOWN_CELLS} (statpipe.api.SHOWN_CELLS) and count all in `failures`",
            )
        if result.failures == len(result.cells) == SHOWN_CELLS:
            broken(
                f"with {_MANY} times as many failures, it counts {result.failures}: those it shows",
                "count all in `failures`, also those that are not among the cells",
            )

    def test_a_failure_among_many_rows_is_found(
        self, check: Check, good: Snapshot, bad: Snapshot
    ) -> None:
        """Wherever it stands."""
        import pyarrow as pa

        first = self._judged(check, bad, None)
        plenty = grown(good, 1 + _ROWS // max(1, len(good.table)))
        if (
            plenty.schema.names != bad.table.schema.names
            or plenty.schema.types != bad.table.schema.types
        ):
            return  # what is bad is the shape of the table
        if first.passed or not self._judged(check, attrs.evolve(good, table=plenty), None).passed:
            return  # it looks at more than rows: periods, or the vintage before
        table = pa.concat_tables([plenty.cast(bad.table.schema), bad.table]).unify_dictionaries()
        if self._judged(check, attrs.evolve(bad, table=table), None).passed:
            broken(
                f"the fixture `bad` passes if {len(plenty):,} good rows stand before it",
                "look at every row",
            )

    def test_it_warns_if_it_is_told_to(
        self, lenient: Check | None, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """The operator decides what refuses a vintage."""
        if lenient is None:
            return
        result = self._judged(lenient, bad, previous)
        agree(
            (result.passed, result.severity),
            (False, "warning"),
            "(passed, severity) of the check that is set to warn",
            "take the severity of the settings, and nothing else",
        )

    def test_the_message_assumes_no_severity(
        self, check: Check, lenient: Check | None, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Whether a vintage is published depends on settings and on other checks."""
        message = self._judged(check, bad, previous).message
        if found := _FATE.search(message):
            broken(
                f"the message says {found.group()!r}: {message!r}",
                "say how many of what were found, and where; statpipe adds what becomes of the "
                "vintage and what the operator can do",
            )
        if lenient is not None:
            agree(
                self._judged(lenient, bad, previous).message,
                message,
                "the message of the check that is set to warn",
                "say the same whatever the severity",
            )

    def test_the_verdict_is_about_what_was_judged(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Dataset, vintage, one line, and cells that JSON can hold."""
        earlier = attrs.evolve(good, vintage=Vintage(released=date(1999, 12, 31)))
        for snapshot, before in itertools.product((good, bad), (previous, earlier)):
            result = self._judged(check, snapshot, before)
            agree(
                (result.dataset, result.vintage),
                (snapshot.dataset.name, snapshot.vintage.id),
                "(dataset, vintage) of the verdict",
                "take current.dataset.name and current.vintage.id",
            )
            if not result.check or result.severity not in {"error", "warning"}:
                broken(
                    f"check is {result.check!r}, severity is {result.severity!r}",
                    "give the component's name, and `error` or `warning`",
                )
            if not result.message.strip() or "\n" in result.message:
                broken(
                    f"the message is {result.message!r}",
                    "say in one line what was found, with numbers, and what to do about it",
                )
            try:
                json.dumps([dict(cell) for cell in result.cells])
            except TypeError as error:
                broken(
                    f"JSON cannot hold the cells: {error}",
                    "write figures as str(value) and dates as value.isoformat()",
                )
            if any(isinstance(cell.get("obs_value"), float) for cell in result.cells):
                broken(
                    "a cell shows its obs_value as a binary float",
                    "write figures as str(value): they are exact",
                )

    def test_the_order_of_rows_makes_no_difference(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Nor do the chunks that a table is made of."""
        for snapshot in (good, bad):
            first = self._judged(check, snapshot, previous)
            for table in _other_orders(snapshot.table, self.orders):
                other = self._judged(check, attrs.evolve(snapshot, table=table), previous)
                if _verdict(other) != _verdict(first):
                    broken(
                        "with the same rows in another order, the check says "
                        f"{other.message!r} ({other.failures} failures) instead of "
                        f"{first.message!r} ({first.failures} failures)",
                        "look rows up by their key, or sort by it first (statpipe.domain.seal."
                        "in_key_order); do not take the first row, or the one before",
                    )

    def test_it_judges_the_same_again(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Whatever it judged in between, and without a look at anything else."""
        wanted = [self._judged(check, one, previous) for one in (good, bad)]
        with watched(check) as watch:
            found = [self._judged(check, one, previous) for one in (good, bad)]
        agree(
            found,
            wanted,
            "what it says the second time",
            "keep nothing from call to call in the check object",
        )
        if watch.looks:
            look = watch.looks[0]
            where = f" at {look.where}" if look.where else ""
            broken(
                f"the check looks at the {look.kind}: {look.what}{where}",
                "judge by the snapshots and the settings alone, so that a verdict can be repeated",
            )

    def test_another_process_judges_the_same(
        self, check: Check, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """With other hashes of strings, another time zone and another day."""
        here = repr(self._judged(check, bad, previous))
        try:
            answers = judged_elsewhere(check, bad, previous)
        except Exception as error:  # noqa: BLE001 - whatever pickle raises
            pytest.skip(f"the check cannot be sent to another process: {told(error)}")
        for there in answers:
            if there.problem or there.hashed != here:
                broken(
                    "another process, with another PYTHONHASHSEED, time zone and day, says "
                    f"{there.problem or there.hashed} instead of {here}",
                    "sort what comes out of a set before you show it, and use no hash() and no clock",
                )

    def test_it_changes_nothing(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """The next check sees the same figures."""
        for snapshot in (good, bad):
            before = [_state(one) for one in (snapshot, previous)]
            self._judged(check, snapshot, previous)
            if [_state(one) for one in (snapshot, previous)] != before:
                broken(
                    "the check changes the snapshot that it judges",
                    "work on a copy: the table, `siblings` and the dataset belong to the engine",
                )

    def test_it_judges_a_first_vintage_and_an_empty_one(
        self, check: Check, good: Snapshot, bad: Snapshot
    ) -> None:
        """There may be nothing before it, and nothing in it."""
        for snapshot in (good, bad, attrs.evolve(good, table=good.table.slice(0, 0))):
            self._judged(check, snapshot, None)
        self._judged(check, good, attrs.evolve(good, table=good.table.slice(0, 0)))

    def test_it_says_whether_it_applies(self, check: Check, good: Snapshot) -> None:
        """True or False."""
        with foreseen("applies_to()", "return True or False"):
            applies = check.applies_to(good.dataset)
        if not isinstance(applies, bool):
            broken(f"applies_to() is {applies!r}", "return True or False")

    def test_it_judges_a_vintage_without_figures(
        self, check: Check, good: Snapshot, previous: Snapshot | None
    ) -> None:
        """An agency may suppress whatever it likes."""
        self._judged(check, attrs.evolve(good, table=without_figures(good.table)), previous)

    def _judged(self, check: Check, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        __tracebackhide__ = True
        with foreseen(
            f"judging {current.dataset.name} {current.vintage.id} ({len(current.table)} rows, "
            f"{'nothing' if previous is None else 'a vintage'} before it)",
            "return a CheckResult for every snapshot; an exception is a bug of the check",
        ):
            result = check.check(current, previous)
        if not isinstance(result, CheckResult):
            broken(f"check returned {type(result).__name__}", "return a statpipe.api.CheckResult")
        return result


def _verdict(result: CheckResult) -> tuple[object, ...]:
    shown = sorted(json.dumps(dict(cell), sort_keys=True, default=str) for cell in result.cells)
    # Which of many cells are shown first may depend on their order.
    cells = shown if result.failures <= SHOWN_CELLS else []
    return result.passed, result.failures, result.severity, result.message, cells


def _other_orders(table: pa.Table, count: int) -> list[pa.Table]:
    import pyarrow as pa

    shuffler, rows = random.Random(7), list(range(len(table)))  # noqa: S311 - no secret
    tables = [table.take(list(reversed(rows)))]
    for _ in range(count - 2):
        shuffler.shuffle(rows)
        tables.append(table.take(rows))
    half = len(table) // 2
    tables.append(pa.concat_tables([table.slice(half), table.slice(0, half)]))
    return tables


def _state(snapshot: Snapshot | None) -> object:
    if snapshot is None:
        return None
    return (
        content_hash(snapshot.table.combine_chunks()),
        copy.deepcopy(snapshot.dataset),
        snapshot.vintage,
        {name: content_hash(table.combine_chunks()) for name, table in snapshot.siblings.items()},
        snapshot.revision,
    )
