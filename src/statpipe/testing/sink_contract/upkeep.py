"""What is around the writing: runs are recorded, scratch is removed, the sink is examined and closed."""

from __future__ import annotations

from statpipe.api import Diagnosis, Sink
from statpipe.testing.partitions import SMALL, manifest_of
from statpipe.testing.sink_contract.fixtures import SinkFixtures
from statpipe.testing.sink_contract.writing import write
from statpipe.testing.wording import broken, foreseen


class Upkeep(SinkFixtures):
    """
    What is around the writing: runs are recorded, scratch is removed, the sink is examined and closed.
    """

    def test_a_run_recorded_twice_counts_once(self, sink: Sink) -> None:
        """A manifest may be sent again after an interruption."""
        with foreseen("recording the same run twice", "leave alone what is recorded already"):
            sink.record(manifest_of())
            sink.record(manifest_of())

    def test_nothing_is_removed_outside_a_scratch_corner(self, sink: Sink) -> None:
        """However often it is asked."""
        partition = self.partition_of(SMALL)
        write(sink, partition)
        sink.remove_scratch()
        self._holds(sink, partition, SMALL, "after remove_scratch() outside of a smoke run")

    def test_the_sink_can_be_examined_and_gives_its_address(self, sink: Sink) -> None:
        """For ``statpipe doctor`` and for the end of a run."""
        with foreseen("diagnose()", "return a Diagnosis for what is wrong"):
            found = list(sink.diagnose())
        if not all(isinstance(finding, Diagnosis) for finding in found):
            broken(
                "diagnose() returns something other than Diagnosis", "yield statpipe.api.Diagnosis"
            )
        if not all(what and address for what, address in sink.locations().items()):
            broken("locations() has an empty name or address", "leave out what has no address")

    def test_closing_twice_is_harmless_with_or_without_use(self, sink: Sink, another: Sink) -> None:
        """It is also closed after a failure."""
        write(sink, self.partition_of(SMALL))
        with foreseen(
            "close(), called twice", "close what is open, and remember that it is closed"
        ):
            for opened in (sink, another):
                opened.close()
                opened.close()
