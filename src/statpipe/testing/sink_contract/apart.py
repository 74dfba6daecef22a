"""What a sink holds is apart from all else: under the whole name, in its own place, with nothing left open."""

from __future__ import annotations

import pytest

from statpipe.api import Layer, PartitionKey, Sink
from statpipe.testing.offered import offered_names
from statpipe.testing.open_now import open_now
from statpipe.testing.partitions import REVISED, SMALL
from statpipe.testing.sink_contract.fixtures import HELD, SinkFixtures
from statpipe.testing.sink_contract.writing import write
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import agree, broken, not_tested

_LONGEST = 57
_LONG = tuple("x" * (_LONGEST - 1) + last for last in "ab")
_RESERVED = ("order", "user", "select", "columns")
_WARM, _WRITES = 3, 15


class Apart(SinkFixtures):
    """
    What a sink holds is apart from all else: under the whole name, in its own place, with nothing left open.
    """

    @pytest.fixture
    def scratch(self) -> Sink | None:
        """Override, if you like: a sink in the scratch corner of the environment that ``sink`` is in."""
        return None

    def put_elsewhere(self, sink: Sink, key: PartitionKey) -> None:
        """Override, if you like: put something of the same name where the sink does not write, such as another schema."""
        not_tested(
            f"whether something else named {key.owner} is taken for what the sink holds",
            "put into the class: def put_elsewhere(self, sink, key), which puts a table named key.owner into another "
            "schema, or a file of that name into another folder; or `pass`, if there is no such place",
        )

    def test_long_names_are_kept(self, sink: Sink) -> None:
        """A name may have 57 letters. PostgreSQL cuts after 63, so a prefix can make two names one."""
        self._keeps_apart(
            sink,
            _LONG,
            f"of {_LONGEST} letters that differ in the last one",
            "cut no name off; where a name of your own becomes too long, let it end in a hash of the whole name",
        )

    def test_reserved_words_of_sql_are_valid_names(self, sink: Sink) -> None:
        """``order`` is a good name for a model."""
        if Layer.GOLD in sink.layers:
            self._keeps_apart(
                sink, _RESERVED, "that SQL reserves", "quote each name, whatever it is"
            )

    def test_another_object_with_the_same_name_is_not_changed(self, sink: Sink) -> None:
        """In another schema, say: it is not ours."""
        partition = self.partition_of(SMALL)
        self.put_elsewhere(sink, partition.key)
        apart = "name schema and table wherever you look for one"
        agree(sink.fingerprint(partition.key), None, "the fingerprint of something else", apart)
        write(sink, partition)
        self._holds(sink, partition, SMALL, "beside something else of the same name")

    def test_receipts_name_the_sink(self, sink: Sink) -> None:
        """By the name under which the plugin offers it."""
        names = offered_names("sink", sink)
        if not names:
            not_tested(
                "whether receipts name the sink",
                "the plugin, installed: `pip install -e .` in its folder",
            )
        receipt = write(sink, self.partition_of(SMALL))
        if receipt.sink not in names:
            broken(
                f"the receipt names the sink {receipt.sink!r}, and the plugin offers {', '.join(sorted(names))}",
                "give Receipt(sink=...) the name of the component",
            )

    @thorough
    def test_nothing_stays_open(self, sink: Sink) -> None:
        """Runs write hundreds of tables: connections, files and threads that stay open run out."""
        before = None
        for number in range(_WRITES + _WARM):
            if number == _WARM:
                before = open_now()
            partition = self.partition_of((SMALL, REVISED)[number % 2])
            write(sink, partition)
            sink.fingerprint(partition.key)
        after = open_now()
        for what in before or ():
            more = after[what] - (before or {})[what]
            if more >= _WRITES - _WARM:
                broken(
                    f"after {_WRITES} writes, {more} more {what} are open",
                    "close what you open, in a `with` or a `finally`, or keep one and use it again",
                )

    def test_only_the_scratch_corner_is_emptied(self, sink: Sink, scratch: Sink | None) -> None:
        """A smoke run leaves nothing behind."""
        if scratch is None:
            not_tested(
                "whether remove_scratch() removes what a smoke run wrote",
                "the fixture `scratch`: a sink in a scratch corner of the environment that `sink` is in, "
                'Environment(..., scratch="smoke")',
            )
        partition = self.partition_of(SMALL)
        write(sink, partition)
        write(scratch, self.partition_of(REVISED))
        scratch.remove_scratch()
        self._holds(sink, partition, SMALL, "after the scratch corner was emptied")
        agree(
            scratch.fingerprint(partition.key),
            None,
            "the fingerprint in the scratch corner, after remove_scratch(),",
            "remove all that was written there, with its fingerprints",
        )
        scratch.close()

    def _keeps_apart(self, sink: Sink, names: tuple[str, ...], what: str, remedy: str) -> None:
        __tracebackhide__ = True
        partitions = [self.partition_of(SMALL, owner=name) for name in names[:-1]]
        partitions.append(self.partition_of(REVISED, owner=names[-1]))
        for partition in partitions:
            if sink.fingerprint(partition.key) is not None:
                broken(f"of two names {what}, one is taken for the other", remedy)
            write(sink, partition)
        for partition in partitions:
            figures = REVISED if partition is partitions[-1] else SMALL
            if self.figures_in(sink, partition.key) != figures:
                broken(f"names {what} are not kept apart: {partition.key.owner}", remedy)
            agree(sink.fingerprint(partition.key), partition.fingerprint, "its fingerprint", HELD)
