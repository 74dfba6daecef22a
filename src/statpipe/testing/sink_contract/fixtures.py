"""What the author of a sink gives: the sink, and how to look into it."""

from __future__ import annotations

from typing import ClassVar

import pytest

from statpipe.api import Partition, PartitionKey, Sink
from statpipe.testing.partitions import Figures, gold_partition
from statpipe.testing.patience import InTime
from statpipe.testing.wording import agree, broken, missing

HELD = "keep table and fingerprint together, under partition.key, and read both from there"


class SinkFixtures(InTime):
    """
    What each test of a sink may ask for; :class:`SinkContract` says what to override.
    """

    patience: ClassVar[float] = 900.0
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
            HELD,
        )


def _first_difference(seen: Figures, wanted: Figures) -> str:
    for key in sorted({*seen, *wanted}):
        if key not in seen:
            return f": {key} does not exist"
        if key not in wanted:
            return f": {key} should not be there"
        if seen[key] != wanted[key]:
            return f": {key} is {seen[key]}, not {wanted[key]}"
    return ""
