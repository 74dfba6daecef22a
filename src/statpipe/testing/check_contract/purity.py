"""A verdict depends on the snapshots and the settings alone."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING

import attrs

from statpipe.api import Check, CheckResult, Snapshot
from statpipe.domain.canonical import content_hash
from statpipe.testing.check_contract.fixtures import CheckFixtures
from statpipe.testing.check_contract.judging import judged
from statpipe.testing.other_process import judged_elsewhere
from statpipe.testing.snapshots import grown
from statpipe.testing.thorough import thorough
from statpipe.testing.watch import watched
from statpipe.testing.wording import agree, broken, not_tested, told

if TYPE_CHECKING:
    import pyarrow as pa


_COPIES = 30


class Purity(CheckFixtures):
    """
    A verdict depends on the snapshots and the settings alone.
    """

    def test_the_order_of_rows_does_not_matter(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Nor do the chunks that a table is made of, nor the order in which many failures come."""
        many = attrs.evolve(bad, table=grown(bad, _COPIES))
        for snapshot in (good, bad, many):
            first = judged(check, snapshot, previous)
            for table in _other_orders(snapshot.table, self.orders):
                other = judged(check, attrs.evolve(snapshot, table=table), previous)
                if _verdict(other) != _verdict(first):
                    broken(
                        "with the same rows in another order, the check says "
                        f"{_in_words(other)} instead of {_in_words(first)}",
                        "look rows up by their key, and sort cells by it before you show the first (statpipe."
                        "domain.seal.in_key_order); do not take the first row, or the one before",
                    )

    def test_the_same_vintage_gets_the_same_verdict_again(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Independently of what it judged in between, and without reading anything else."""
        wanted = [judged(check, one, previous) for one in (good, bad)]
        with watched(check) as watch:
            found = [judged(check, one, previous) for one in (good, bad)]
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

    @thorough
    def test_another_process_gives_the_same_verdict(
        self, check: Check, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """With other string hashes, another time zone and another day."""
        here = repr(judged(check, bad, previous))
        try:
            answers = judged_elsewhere(check, bad, previous)
        except Exception as error:  # noqa: BLE001 - whatever pickle raises
            not_tested(
                f"the check cannot be sent to another process: {told(error)}",
                "a class at the top of a module, without open files, connections and lambdas",
            )
        for there in answers:
            if there.problem or there.hashed != here:
                broken(
                    "another process, with another PYTHONHASHSEED, time zone and day, says "
                    f"{there.problem or there.hashed} instead of {here}",
                    "sort what comes out of a set before you show it, and use no hash() and no clock",
                )

    def test_the_check_changes_nothing(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """The next check sees the same figures."""
        for snapshot in (good, bad):
            before = [_state(one) for one in (snapshot, previous)]
            judged(check, snapshot, previous)
            if [_state(one) for one in (snapshot, previous)] != before:
                broken(
                    "the check changes the snapshot that it judges",
                    "work on a copy: the table, `siblings` and the dataset belong to the engine",
                )


def _in_words(result: CheckResult) -> str:
    first = f", first {dict(result.cells[0])}" if result.cells else ""
    return f"{result.message!r} ({result.failures} failures{first})"


def _verdict(result: CheckResult) -> tuple[object, ...]:
    cells = [json.dumps(dict(cell), sort_keys=True, default=str) for cell in result.cells]
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
