"""The role that holds layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from statpipe.api.diagnosis import Diagnosis
from statpipe.domain.manifest import Manifest
from statpipe.domain.partition import Layer, Partition, PartitionKey, Receipt


class Sink(ABC):
    """
    A store of partitions.

    Writing twice equals writing once. A partition is visible whole or not at all, and its
    fingerprint becomes visible together with it.
    """

    layers: frozenset[Layer]
    """The layers that this sink wants."""

    @abstractmethod
    def fingerprint(self, key: PartitionKey) -> str | None:
        """
        Return the fingerprint of what is held under *key*, or ``None`` where there is nothing.

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
        Keep the manifest of a finished run. The lake is told last.
        """

    def match_records(  # noqa: B027
        self, source: str, run_ids: Sequence[str], manifest: Callable[[str], Manifest | None]
    ) -> None:
        """
        Keep the records of exactly these runs of a source, which are all that the lake knows.

        A run that was killed after :meth:`record` and before the lake had its manifest is unknown:
        its record goes. A run that was not recorded, since this sink was down, is recorded now:
        *manifest* reads it, and gives ``None`` where that is not possible. The caller holds the
        source's lock.

        :raises Unavailable: The store cannot be reached.
        """

    def remove_scratch(self) -> None:  # noqa: B027
        """
        Remove everything of an environment's scratch corner; do nothing outside of one.
        """

    def diagnose(self) -> Iterable[Diagnosis]:
        """
        Look at what this sink needs, for ``statpipe doctor``.
        """
        return ()

    def locations(self) -> dict[str, str]:
        """
        Say where a reader finds what this sink holds: what it is -> address, no credentials.
        """
        return {}

    def close(self) -> None:  # noqa: B027
        """
        Release connections. Called once, also after a failure.
        """
