"""The authoritative sink: it keeps payloads, tables and manifests, and can be read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from statpipe.api.sink import Sink
from statpipe.domain.errors import ConfigError, ContentError
from statpipe.domain.fault import Fault
from statpipe.domain.manifest import BronzeObject, manifest_fault
from statpipe.domain.partition import Part, Partition, PartitionKey, Receipt
from statpipe.domain.payload import Payload

if TYPE_CHECKING:
    import pyarrow as pa

_THREADS_ONLY = (
    '{} cannot stage tables for other processes; set executor = "threads" under [engine]'
)


class Lake(Sink):
    """
    A store of objects. Each environment has one; every other sink can be rebuilt from it.

    It notices damage. An object is never assumed to be intact just because it exists: :meth:`keep`
    and :meth:`write` compare, and replace what is damaged.

    Several threads may call :meth:`keep`, :meth:`payload`, :meth:`write`, :meth:`read` and
    :meth:`fingerprint` at the same time, each for another payload or partition. ``at_once`` is how
    many threads are useful.
    """

    at_once: int = 8

    @abstractmethod
    def keep(self, source: str, dataset: str, payload: Payload) -> BronzeObject:
        """
        Put a payload into Bronze, unless the same bytes are there already. Damage is repaired.
        """

    @abstractmethod
    def payload(self, kept: BronzeObject) -> Payload:
        """
        Read a payload back from Bronze.

        :raises ContentError: It is missing, or its SHA-256 differs from the recorded one.
        """

    def faults(self, kept: BronzeObject) -> Sequence[Fault]:
        """
        Read everything that belongs to a payload; report what is missing or damaged.
        """
        try:
            self.payload(kept)
        except ContentError as error:
            return [Fault(kept.key, f"cannot be read: {error}")]
        return []

    @abstractmethod
    def partitions(self, source: str) -> Sequence[PartitionKey]:
        """
        List the Silver partitions of a source.
        """

    def fingerprints(self, source: str) -> Mapping[PartitionKey, str | None]:
        """
        Return the Silver partitions of a source with the :meth:`fingerprint` of each.

        Override it if all of them take fewer requests than one per partition. It must notice a
        partition that was replaced or damaged by anyone.
        """
        return {key: self.fingerprint(key) for key in self.partitions(source)}

    @abstractmethod
    def read(self, key: PartitionKey) -> pa.Table:
        """
        Read a partition.

        :raises ContentError: It does not exist, or is damaged.
        """

    def read_rows(self, key: PartitionKey, wanted: Mapping[str, Collection[str]]) -> pa.Table:  # noqa: ARG002
        """
        Read at least the rows of a Gold table that have one of the *wanted* texts in each of these columns, in order.

        Override it if other rows can be left out without reading all of the table. Everything that
        is read must be verified as in :meth:`read`.

        :raises ContentError: As in :meth:`read`.
        """
        return self.read(key)

    def stage(self, partition: Partition) -> None:  # noqa: ARG002
        """
        Stage a partition out of readers' sight, until :meth:`publish` moves it into place.

        This lets workers in other processes write tables before the run decides whether to publish
        them. A staged table is identified by its key and fingerprint. A lake without staging only
        works with threads.
        """
        raise ConfigError(_THREADS_ONLY.format(type(self).__name__))

    def staged(self, key: PartitionKey, fingerprint: str) -> pa.Table | None:  # noqa: ARG002
        """
        Read a staged partition. Return ``None`` if it does not exist or is incomplete.
        """
        return None

    def publish(self, key: PartitionKey, fingerprint: str) -> Receipt | None:  # noqa: ARG002
        """
        Move a staged partition to its place, completely or not at all. Return ``None`` if it does
        not exist or is incomplete.
        """
        return None

    def parts(self, key: PartitionKey) -> Sequence[Part]:  # noqa: ARG002
        """
        List the parts of a stored Gold table; empty if it is stored in one piece.

        A lake without parts gets and stores each table in one piece.
        """
        return ()

    def vouches_for(self, key: PartitionKey) -> bool:  # noqa: ARG002
        """
        Return whether :meth:`read` notices each changed byte of a partition.
        """
        return False

    @abstractmethod
    def run_ids(self, source: str | None = None) -> Sequence[tuple[str, str]]:
        """
        List the recorded runs as (source, run id), oldest first.
        """

    @abstractmethod
    def manifest(self, source: str, run_id: str) -> bytes:
        """
        Return a manifest's JSON, from an intact copy if the manifest itself is damaged.

        :raises ContentError: No such run was recorded.
        """

    def manifest_faults(self, source: str, run_id: str) -> Sequence[Fault]:
        """
        Read a manifest, and its copies if the lake keeps any; report what is missing or damaged.
        """
        reason = manifest_fault(self.manifest(source, run_id), source, run_id)
        return [Fault(f"runs/{source}/{run_id}", f"is damaged: {reason}")] if reason else []

    def restore_manifest(self, source: str, run_id: str) -> bool:
        """
        Set aside damaged files of a manifest, and replace them if an intact copy exists.

        Files set aside stay in the lake for inspection. A run without an intact copy is no longer
        listed; then the result is ``False``. The caller holds the source's lock.
        """
        return not self.manifest_faults(source, run_id)

    def unnamed(
        self,
        source: str | None,  # noqa: ARG002
        kept: Iterable[BronzeObject],  # noqa: ARG002
        keys: Iterable[PartitionKey],  # noqa: ARG002
    ) -> Sequence[str]:
        """
        List the objects, of one source or of all, that belong to none of these payloads and
        partitions.

        A killed run leaves such objects; manifests that were set aside are listed too.
        """
        return ()

    @abstractmethod
    def lock(
        self, name: str, wait: float, run_id: Callable[[], str]
    ) -> AbstractContextManager[str]:
        """
        Hold the right to write under this name, waiting *wait* seconds at most.

        *run_id* is called once the lock is held, so that run ids sort in the order of the runs; its
        result is shown to those who wait, and is the value of the context manager.

        :raises Locked: Another run holds it; the text says which one and since when.
        """
