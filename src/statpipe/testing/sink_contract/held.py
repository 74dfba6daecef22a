"""What is written is held under its fingerprint, and apart from all else."""

from __future__ import annotations

from decimal import Decimal

from statpipe.api import Layer, Sink
from statpipe.testing.partitions import REVISED, SMALL, Figures
from statpipe.testing.sink_contract.fixtures import HELD, SinkFixtures
from statpipe.testing.sink_contract.writing import write
from statpipe.testing.wording import agree, broken

_ODD: Figures = {
    (text, 2022): Decimal(place)
    for place, text in enumerate(
        (
            'a,"b"',
            "\u00e9\n",
            "\\N",
            "\\.",
            " x ",
            "",
            "NULL",
            "'; --",
            "a\tb",
            "\r",
            "\u00e9" * 300,
            "case",
            "CASE",
            "x",
            "x ",
            "\u5dde \u03a9 \U0001f9cb",
            "e\u0301",
            "\u00e9",
        )
    )
}
_EXACT: Figures = {
    ("CA", 2021): Decimal("0.123456789012345678"),
    ("CA", 2022): Decimal("-12345678901234567890.000000000000000001"),
    ("NY", 2022): Decimal("1e-18"),
    ("US", 2022): Decimal("-0.5"),
}
_MANY: Figures = {("CA", year): Decimal(year) for year in range(1000, 3000)}


class Held(SinkFixtures):
    """
    What is written is held under its fingerprint, and apart from all else.
    """

    def test_the_sink_declares_its_layers(self, sink: Sink) -> None:
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
        agree(sink.fingerprint(key), None, "the fingerprint of what was never written", HELD)
        agree(self.figures_in(sink, key), None, "what is seen of what was never written", HELD)

    def test_a_written_partition_is_held_under_its_fingerprint(self, sink: Sink) -> None:
        """All rows, missing figures too, and the receipt says so."""
        partition = self.partition_of(SMALL)
        receipt = write(sink, partition)
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
        first = write(sink, partition)
        second = write(sink, partition)
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

    def test_any_text_is_read_back_unchanged(self, sink: Sink) -> None:
        """Commas, quotes, line breaks, and what a format takes for a null or for its end."""
        partition = self.partition_of(_ODD)
        write(sink, partition)
        self._holds(sink, partition, _ODD, "after odd texts were written")

    def test_figures_are_read_back_with_every_digit(self, sink: Sink) -> None:
        """38 digits, 18 of them behind the point, with their signs."""
        partition = self.partition_of(_EXACT)
        write(sink, partition)
        self._holds(sink, partition, _EXACT, "after figures of 38 digits were written")

    def test_each_of_many_rows_is_held(self, sink: Sink) -> None:
        """Not the first thousand, nor the last batch."""
        partition = self.partition_of(_MANY)
        receipt = write(sink, partition)
        self._holds(sink, partition, _MANY, f"after {len(_MANY):,} rows were written")
        counts = "count all rows of the partition"
        agree((receipt.rows, receipt.inserted), (len(_MANY),) * 2, "rows and inserted", counts)

    def test_partitions_of_different_owners_are_separate(self, sink: Sink) -> None:
        """Also where one's name begins with the other's."""
        one = self.partition_of(SMALL, owner="spending")
        other = self.partition_of(REVISED, owner="spending_real")
        write(sink, one)
        apart = "use the whole of partition.key as the place"
        agree(sink.fingerprint(other.key), None, "the fingerprint of another owner", apart)
        write(sink, other)
        self._holds(sink, one, SMALL, "after another owner's partition was written")
        self._holds(sink, other, REVISED, "beside another owner's partition")

    def test_another_object_on_the_same_store_sees_written_partitions(
        self, sink: Sink, another: Sink
    ) -> None:
        """The next run is another process."""
        partition = self.partition_of(SMALL)
        write(sink, partition)
        self._holds(another, partition, SMALL, "seen by another object")
        agree(
            write(another, partition).changed,
            False,
            "`changed` of the receipt of a second object",
            "keep the fingerprint in the store, not in the object",
        )
