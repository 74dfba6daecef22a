"""A partition is there whole, with its fingerprint, or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal

import pytest

from statpipe.api import Sink
from statpipe.testing.interrupt import changes_of, interrupted_at, steps_of
from statpipe.testing.partitions import REVISED, SMALL, Figures
from statpipe.testing.sink_contract.fixtures import SinkFixtures
from statpipe.testing.sink_contract.writing import write
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import agree, broken, foreseen

_WHOLE = (
    "write beside the old partition and switch over in one step that includes the fingerprint: rename "
    "a file, commit one transaction"
)
_INTERRUPTED = (0.05, 0.3, 0.5, 0.7, 0.9, 0.99)
_ROUNDS = 4
_CHANGES = 8


class Whole(SinkFixtures):
    """
    A partition is there whole, with its fingerprint, or not at all.
    """

    @thorough
    def test_a_reader_sees_a_complete_partition_or_none(self, sink: Sink, another: Sink) -> None:
        """While it is written, over and over."""
        few: Figures = {("CA", year): Decimal(1) for year in range(2000, 2010)}
        many: Figures = {(f"A{n}", 2000 + n % 20): Decimal(n) for n in range(2000)}
        states = {f"{n:064x}": (few, many)[n % 2] for n in range(40)}
        written = [self.partition_of(f, fingerprint=p) for p, f in states.items()]
        key = written[0].key
        write(sink, written[0])

        def write_all() -> None:
            for partition in written[1:]:
                sink.write(partition)

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write_all)
            done = False
            while not done:
                done = writing.done()
                before = another.fingerprint(key)
                seen = self.figures_in(another, key)
                after = another.fingerprint(key)
                if before not in states or after not in states:
                    broken("while a partition is replaced, its fingerprint is gone", _WHOLE)
                if seen not in (few, many):
                    count = 0 if seen is None else len(seen)
                    broken(
                        f"while 10 rows are replaced by 2,000, a reader sees {count:,} rows", _WHOLE
                    )
                if before == after and before is not None and seen != states[before]:
                    broken(
                        "a reader sees a fingerprint and figures that do not belong to it", _WHOLE
                    )
            writing.result()

    @thorough
    def test_two_parallel_writers_leave_the_partition_of_one(
        self, sink: Sink, another: Sink
    ) -> None:
        """Whole, and under its own fingerprint."""
        one, other = self.partition_of(SMALL), self.partition_of(REVISED)
        left = {one.fingerprint: SMALL, other.fingerprint: REVISED}
        with ThreadPoolExecutor(2) as pool:
            for _ in range(_ROUNDS):
                writing = [pool.submit(sink.write, one), pool.submit(another.write, other)]
                for done in writing:
                    with foreseen("writing while another writes", "let one wait for the other"):
                        done.result()
                held = sink.fingerprint(one.key)
                seen = self.figures_in(sink, one.key)
                if held is None or seen != left.get(held):
                    broken(
                        "two wrote the same partition at once, and what is held now "
                        f"({len(seen or {})} rows) is not what its fingerprint says",
                        "write rows and fingerprint in one transaction that locks the partition, or "
                        "put the table with its fingerprint in one piece",
                    )

    @pytest.mark.parametrize("part", _INTERRUPTED)
    @thorough
    def test_an_interrupted_write_can_be_repeated(
        self, sink: Sink, another: Sink, part: float
    ) -> None:
        """The old is there, or the new; never half of it, and never one's figures with the other's name."""
        if not self.interruptible:
            pytest.skip("interruptible is False")
        for owner in ("rehearsal", "rehearsal_two"):  # what is loaded once is loaded the first time
            write(sink, self.partition_of(SMALL, owner=owner))
            again = self.partition_of(REVISED, owner=owner)
            steps = steps_of(lambda again=again: sink.write(again))  # type: ignore[misc]
        where = f"after {part:.0%} of its steps"
        self._survives(sink, another, "spending", max(1, round(part * steps)), where)

    @thorough
    def test_a_write_interrupted_between_two_changes_is_complete(
        self, sink: Sink, another: Sink
    ) -> None:
        """After each statement, commit and rename: what stands between two of them is not whole."""
        if not self.interruptible:
            pytest.skip("interruptible is False")
        for owner in ("rehearsal", "rehearsal_two"):
            write(sink, self.partition_of(SMALL, owner=owner))
            again = self.partition_of(REVISED, owner=owner)
            steps = changes_of(lambda again=again: sink.write(again))  # type: ignore[misc]
        for number, step in enumerate(steps[-_CHANGES:]):
            where = f"after change {number + 1} of {len(steps[-_CHANGES:])}"
            self._survives(sink, another, f"spending_{number}", step, where)

    def _survives(self, sink: Sink, another: Sink, owner: str, step: int, where: str) -> None:
        __tracebackhide__ = True
        before = self.partition_of(SMALL, owner=owner)
        after = self.partition_of(REVISED, owner=owner)
        write(sink, before)
        interrupted_at(lambda: sink.write(after), step)
        with suppress(Exception):
            sink.close()
        held = another.fingerprint(after.key)
        seen = self.figures_in(another, after.key)
        if (held, seen) not in (
            (before.fingerprint, SMALL),
            (after.fingerprint, REVISED),
        ):
            names = {before.fingerprint: "the old", after.fingerprint: "the new", None: "no"}
            broken(
                f"a write was interrupted {where}, and a reader sees "
                f"{names.get(held, 'another')} fingerprint with {len(seen or {})} rows, which do not "
                "belong together",
                _WHOLE,
            )
        with foreseen(
            "writing again after an interruption",
            "let a write begin by clearing away what an unfinished one left",
        ):
            another.write(after)
        self._holds(another, after, REVISED, "after a write was interrupted and run again")

    def test_a_written_table_is_not_changed(self, sink: Sink) -> None:
        """Other sinks get the same table."""
        partition = self.partition_of(SMALL)
        before = partition.table.to_pylist()
        write(sink, partition)
        agree(
            partition.table.to_pylist(),
            before,
            "the partition's table, after it was written,",
            "work on a copy of the table",
        )
