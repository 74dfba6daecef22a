"""The role that stores layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from statpipe.api.diagnosis import Diagnosis
from statpipe.domain.manifest import Manifest
from statpipe.domain.partition import Layer, Partition, PartitionKey, Receipt


class Sink(ABC):
    """
    A store of partitions.

    Writing twice has the same effect as writing once. A partition becomes visible completely or not
    at all, together with its fingerprint.
    """

    layers: frozenset[Layer]
    """The layers that this sink wants."""

    @abstractmethod
    def fingerprint(self, key: PartitionKey) -> str | None:
        """
        Return the fingerprint of the partition under *key*, or ``None`` if there is none.

        :raises Unavailable: The store cannot be reached now.
        """

    @abstractmethod
    def write(self, partition: Partition) -> Receipt:
        """
        Write the partition, or replace the existing one, changing only what differs.

        :raises Unavailable: The store cannot be reached or is full.
        """

    def record(self, manifest: Manifest) -> None:  # noqa: B027
        """
        Record the manifest of a finished run. The lake is called last.
        """

    def match_records(  # noqa: B027
        self, source: str, run_ids: Sequence[str], manifest: Callable[[str], Manifest | None]
    ) -> None:
        """
        Keep the records of exactly these runs of a source, which are all runs in the lake.

        The record of a run that was killed after :meth:`record`, before the lake had its manifest,
        is deleted. A run that was not recorded because this sink was down is recorded now:
        *manifest* reads it, and returns ``None`` if it cannot. The caller holds the source's lock.

        :raises Unavailable: The store cannot be reached.
        """

    def remove_scratch(self) -> None:  # noqa: B027
        """
        Remove everything in an environment's scratch area; do nothing in any other environment.
        """

    def diagnose(self) -> Iterable[Diagnosis]:
        """
        Check what this sink needs, for ``statpipe doctor``.
        """
        return ()

    def locations(self) -> dict[str, str]:
        """
        Say where readers find the data in this sink: description -> address without credentials.
        """
        return {}

    def close(self) -> None:  # noqa: B027
        """
        Close connections. Called once, even after a failure.
        """
