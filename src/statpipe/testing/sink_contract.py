"""What every sink promises."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from typing import ClassVar

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import Diagnosis, Layer, Partition, PartitionKey, Receipt, Sink
from statpipe.testing.interrupt import interrupted_at, steps_of
from statpipe.testing.partitions import (
    REVISED,
    SMALL,
    Figures,
    gold_partition,
    in_parts,
    manifest_of,
    tables,
)
from statpipe.testing.wording import agree, broken, foreseen, missing

_HELD = "keep table and fingerprint together, under partition.key, and read both from there"
_WHOLE = (
    "write beside the old partition and switch over in one step that includes the fingerprint: rename "
    "a file, commit one transaction"
)
_INTERRUPTED = (0.05, 0.3, 0.5, 0.7, 0.9, 0.99)


_THIRD: Figures = {
    ("CA", 2022): Decimal(7),
    ("CA", 2023): Decimal("0.1"),
    ("NY", 2023): None,
    ("US", 2022): Decimal(0),
}
_ODD: Figures = {
    (text, 2022): Decimal(place)
    for place, text in enumerate(
        ('a,"b"', "\u00e9\n", "\\N", "\\.", " x ", "", "NULL", "'; --", "a\tb", "\r")
    )
}


_ROUNDS = 4


class SinkContract:
    """
    Writing twice equals writing once; a partition is visible whole, with its fingerprint, or not.

    Inherit it in a class whose name begins with ``Test``, override a fixture and a method::

        class TestDuckSink(SinkContract):
            @pytest.fixture
            def sink(self, tmp_path):                # holds nothing yet
                return DuckSink(tmp_path / "gold.duckdb")

            @pytest.fixture
            def another(self, sink, tmp_path):       # a second object onto the same store
                return DuckSink(tmp_path / "gold.duckdb")

            def figures_in(self, sink, key):         # what an analyst would see now
                rows = ...                           # SELECT area, year, value FROM <key.owner>
                return {(area, year): value for area, year, value in rows} or None

    The partitions that are written have the columns ``area``, ``year`` and ``value`` (a decimal), and
    the model's name as owner. A sink that wants Silver and no Gold overrides :meth:`partition_of`,
    with :func:`statpipe.testing.partitions.silver_partition`. ``another`` may be left out where all
    objects share their state.

    - ``examples``: how many sequences of revisions are tried: fewer where a write is dear.
    - ``interruptible = False``: writing is done by threads of a library that Ctrl-C does not stop.
    """

    examples: ClassVar[int] = 15
    interruptible: ClassVar[bool] = True

    @pytest.fixture
    def sink(self) -> Sink:
        """Override: a sink that holds nothing."""
        missing(self, "sink", "a sink that holds nothing yet")

    @pytest.fixture
    def another(self, sink: Sink) -> Sink:
        """A second object onto the same store, for a reader beside the writer."""
        return sink

    def figures_in(self, sink: Sink, key: PartitionKey) -> Figures | None:
        """Override: what a reader sees now under *key*, or ``None`` where there is nothing."""
        broken(
            f"{type(self).__name__} does not say how to look into the sink",
            "put into the class: def figures_in(self, sink, key): return {(area, year): value}, or "
            "None where there is nothing",
        )

    def partition_of(
        self, figures: Figures, *, fingerprint: str | None = None, owner: str = "spending"
    ) -> Partition:
        """Make a partition that this sink wants; each *owner* has a place of its own."""
        return gold_partition(figures, fingerprint=fingerprint, name=owner)

    # --- what is held ----------------------------------------------------------------------------

    def test_it_says_which_layers_it_wants(self, sink: Sink) -> None:
        """Some of Bronze, Silver and Gold."""
        wanted = self.partition_of(SMALL).key.layer
        if not sink.layers or not set(sink.layers) <= set(Layer) or wanted not in sink.layers:
            broken(
                f"layers is {sink.layers!r}, and the test writes {wanted}",
                "set `layers = frozenset({Layer.GOLD})`, or whatever the sink takes, and override "
                "`partition_of` if it takes no Gold",
            )

    def test_nothing_is_held_before_the_first_write(self, sink: Sink) -> None:
        """No figures, no fingerprint."""
        key = self.partition_of(SMALL).key
        agree(sink.fingerprint(key), None, "the fingerprint of what was never written", _HELD)
        agree(self.figures_in(sink, key), None, "what is seen of what was never written", _HELD)

    def test_what_is_written_is_held_under_its_fingerprint(self, sink: Sink) -> None:
        """All rows, missing figures too, and the receipt says so."""
        partition = self.partition_of(SMALL)
        receipt = self._written(sink, partition)
        self._holds(sink, partition, SMALL, "after writing")
        counts = "count in the receipt the rows that the partition has now, and those that were new"
        agree(receipt.changed, True, "`changed` of the receipt of a first write", counts)
        agree((receipt.rows, receipt.inserted), (3, 3), "rows and inserted of the receipt", counts)
        agree(
            (receipt.path, receipt.fingerprint),
            (partition.key.path, partition.fingerprint),
            "path and fingerprint of the receipt",
            "take partition.key.path and partition.fingerprint",
        )

    def test_writing_twice_equals_writing_once(self, sink: Sink) -> None:
        """And the second time nothing is touched."""
        partition = self.partition_of(SMALL)
        first = self._written(sink, partition)
        second = self._written(sink, partition)
        self._holds(sink, partition, SMALL, "after writing the same partition twice")
        same = (
            "compare partition.fingerprint with what is held, and touch nothing if they are equal"
        )
        agree(second.changed, False, "`changed` of the receipt of the second write", same)
        agree(
            (second.rows, second.fingerprint),
            (first.rows, first.fingerprint),
            "rows and fingerprint of the second receipt",
            "say in the receipt what is held, also where nothing was written",
        )

    def test_a_revision_replaces_what_was_there(self, sink: Sink) -> None:
        """Rows that are gone are gone."""
        before, after = self.partition_of(SMALL), self.partition_of(REVISED)
        self._written(sink, before)
        agree(
            self._written(sink, after).changed,
            True,
            "`changed` of the receipt of a revision",
            "write where the fingerprint is another",
        )
        self._holds(sink, after, REVISED, "after a revision")

    @pytest.mark.parametrize("stale", [False, True], ids=["as it is held", "of another time"])
    def test_a_revision_may_bring_what_was_there_before(
        self, sink: Sink, another: Sink, stale: bool
    ) -> None:
        """``Partition.previous`` saves work where the sink holds just that, and misleads nobody."""
        first, second = self.partition_of(SMALL), self.partition_of(REVISED)
        self._written(sink, first)
        if stale:
            self._written(sink, second)
        third = self.partition_of(_THIRD)
        self._written(sink, evolve(third, previous=first))
        self._holds(sink, third, _THIRD, "after a revision that brought what was there before")
        self._written(another, evolve(second, previous=third))
        self._holds(another, second, REVISED, "after one revision more of the kind")

    @pytest.mark.parametrize("stale", [False, True], ids=["as it is held", "of another time"])
    def test_a_table_may_come_in_parts(self, sink: Sink, stale: bool) -> None:
        """Parts that are held already may stay; those that come and go are as any rows."""
        first = in_parts(self.partition_of(SMALL))
        self._written(sink, first)
        self._holds(sink, first, SMALL, "after a table in parts")
        if stale:
            self._written(sink, self.partition_of(REVISED))
        grown = {**SMALL, ("US", 2023): Decimal(7), ("CA", 2021): None}
        second = in_parts(self.partition_of(grown), None if stale else first)
        self._written(sink, evolve(second, previous=first))
        self._holds(sink, second, grown, "after a revision of a table in parts")

    def test_texts_come_back_whatever_they_say(self, sink: Sink) -> None:
        """Commas, quotes, line breaks, and what a format takes for a null or for its end."""
        partition = self.partition_of(_ODD)
        self._written(sink, partition)
        self._holds(sink, partition, _ODD, "after odd texts were written")

    def test_equal_figures_made_by_other_code_are_held_under_the_new_fingerprint(
        self, sink: Sink
    ) -> None:
        """Or they would be made again at every run."""
        self._written(sink, self.partition_of(SMALL))
        remade = self.partition_of(SMALL, fingerprint="5e" * 32)
        self._written(sink, remade)
        self._holds(sink, remade, SMALL, "after equal figures came under a new fingerprint")

    def test_partitions_of_different_owners_lie_apart(self, sink: Sink) -> None:
        """Also where one's name begins with the other's."""
        one = self.partition_of(SMALL, owner="spending")
        other = self.partition_of(REVISED, owner="spending_real")
        self._written(sink, one)
        apart = "use the whole of partition.key as the place"
        agree(sink.fingerprint(other.key), None, "the fingerprint of another owner", apart)
        self._written(sink, other)
        self._holds(sink, one, SMALL, "after another owner's partition was written")
        self._holds(sink, other, REVISED, "beside another owner's partition")

    def test_another_object_onto_the_same_store_sees_what_was_written(
        self, sink: Sink, another: Sink
    ) -> None:
        """The next run is another process."""
        partition = self.partition_of(SMALL)
        self._written(sink, partition)
        self._holds(another, partition, SMALL, "seen by another object")
        agree(
            self._written(another, partition).changed,
            False,
            "`changed` of the receipt of a second object",
            "keep the fingerprint in the store, not in the object",
        )

    def test_after_any_revisions_just_the_last_is_held(self, sink: Sink) -> None:
        """Whatever they are, exact to the last digit."""
        owners = itertools.count(1)

        @settings(
            max_examples=self.examples, deadline=None, report_multiple_bugs=False, database=None
        )
        @given(revisions=st.lists(tables(), min_size=1, max_size=4))
        def revise(revisions: Sequence[Figures]) -> None:
            owner, before = f"revised_{next(owners)}", None
            for figures in revisions:
                partition = self.partition_of(figures, owner=owner)
                receipt = self._written(sink, partition)
                self._holds(sink, partition, figures, "after revisions")
                agree(receipt.rows, len(figures), "rows of the receipt", "count what is held now")
                if before is not None:
                    agree(
                        receipt.changed,
                        figures != before,
                        "`changed` of the receipt of a revision",
                        "say whether anything was written",
                    )
                before = figures

        revise()

    # --- whole or not at all ---------------------------------------------------------------------

    def test_a_reader_sees_a_partition_whole_with_its_fingerprint_or_not_at_all(
        self, sink: Sink, another: Sink
    ) -> None:
        """While it is written, over and over."""
        few: Figures = {("CA", year): Decimal(1) for year in range(2000, 2010)}
        many: Figures = {(f"A{n}", 2000 + n % 20): Decimal(n) for n in range(2000)}
        states = {f"{n:064x}": (few, many)[n % 2] for n in range(40)}
        written = [self.partition_of(f, fingerprint=p) for p, f in states.items()]
        key = written[0].key
        self._written(sink, written[0])

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

    def test_two_writers_at_once_leave_what_one_of_them_wrote(
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
    def test_a_write_that_is_interrupted_and_run_again_equals_one_that_was_not(
        self, sink: Sink, another: Sink, part: float
    ) -> None:
        """The old is there, or the new; never half of it, and never one's figures with the other's name."""
        if not self.interruptible:
            pytest.skip("interruptible is False")
        before, after = self.partition_of(SMALL), self.partition_of(REVISED)
        for owner in ("rehearsal", "rehearsal_two"):  # what is loaded once is loaded the first time
            self._written(sink, self.partition_of(SMALL, owner=owner))
            again = self.partition_of(REVISED, owner=owner)
            steps = steps_of(lambda again=again: sink.write(again))  # type: ignore[misc]
        self._written(sink, before)
        interrupted_at(lambda: sink.write(after), max(1, round(part * steps)))
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
                f"a write was interrupted after {part:.0%} of its steps, and a reader sees "
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

    def test_what_is_written_stays_as_it_is(self, sink: Sink) -> None:
        """Other sinks get the same table."""
        partition = self.partition_of(SMALL)
        before = partition.table.to_pylist()
        self._written(sink, partition)
        agree(
            partition.table.to_pylist(),
            before,
            "the partition's table, after it was written,",
            "work on a copy of the table",
        )

    # --- the rest --------------------------------------------------------------------------------

    def test_a_run_that_is_recorded_twice_is_recorded_once(self, sink: Sink) -> None:
        """A manifest may be sent again after an interruption."""
        with foreseen("recording the same run twice", "leave alone what is recorded already"):
            sink.record(manifest_of())
            sink.record(manifest_of())

    def test_outside_of_a_scratch_corner_nothing_is_removed(self, sink: Sink) -> None:
        """However often it is asked."""
        partition = self.partition_of(SMALL)
        self._written(sink, partition)
        sink.remove_scratch()
        self._holds(sink, partition, SMALL, "after remove_scratch() outside of a smoke run")

    def test_it_can_be_examined_and_says_where_readers_find_it(self, sink: Sink) -> None:
        """For ``statpipe doctor`` and for the end of a run."""
        with foreseen("diagnose()", "return a Diagnosis for what is wrong"):
            found = list(sink.diagnose())
        if not all(isinstance(finding, Diagnosis) for finding in found):
            broken("diagnose() gives something else than Diagnosis", "yield statpipe.api.Diagnosis")
        if not all(what and address for what, address in sink.locations().items()):
            broken("locations() has an empty name or address", "leave out what has no address")

    def test_closing_twice_is_harmless_whether_it_was_used_or_not(
        self, sink: Sink, another: Sink
    ) -> None:
        """It is also closed after a failure."""
        self._written(sink, self.partition_of(SMALL))
        with foreseen(
            "close(), called twice", "close what is open, and remember that it is closed"
        ):
            for opened in (sink, another):
                opened.close()
                opened.close()

    # --- how it is done --------------------------------------------------------------------------

    def _written(self, sink: Sink, partition: Partition) -> Receipt:
        __tracebackhide__ = True
        with foreseen(f"write({partition.key.path})", "take the partition, or say Unavailable"):
            receipt = sink.write(partition)
        if not isinstance(receipt, Receipt):
            broken(f"write returned {type(receipt).__name__}", "return a statpipe.api.Receipt")
        return receipt

    def _holds(self, sink: Sink, partition: Partition, figures: Figures, when: str) -> None:
        __tracebackhide__ = True
        seen = self.figures_in(sink, partition.key)
        if seen != figures:
            rows = "nothing" if seen is None else f"{len(seen)} rows"
            detail = _first_difference(seen or {}, figures)
            broken(
                f"{when}, a reader sees {rows} instead of {len(figures)} rows{detail}",
                "hold exactly the rows of partition.table: all of them, no others, missing figures as "
                "null, decimals exact",
            )
        agree(
            sink.fingerprint(partition.key),
            partition.fingerprint,
            f"{when}, the fingerprint",
            _HELD,
        )


def _first_difference(seen: Figures, wanted: Figures) -> str:
    for key in sorted({*seen, *wanted}):
        if key not in seen:
            return f": {key} is not there"
        if key not in wanted:
            return f": {key} should not be there"
        if seen[key] != wanted[key]:
            return f": {key} is {seen[key]}, not {wanted[key]}"
    return ""
