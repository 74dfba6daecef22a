"""The sink that is the truth: it keeps payloads, tables and manifests, and can be read."""

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

_THREADS_ONLY = '{} stages no tables for other processes; set executor = "threads" under [engine]'


class Lake(Sink):
    """
    A store of objects. Each environment has one; every other sink can be rebuilt from it.

    It notices damage. What it holds is never taken for whole just because something lies in its place:
    :meth:`keep` and :meth:`write` compare, and replace what is damaged.

    Several threads may call :meth:`keep`, :meth:`payload`, :meth:`write`, :meth:`read` and :meth:`fingerprint` at
    the same time, each for another payload or partition. ``at_once`` is how many of them do so to advantage.
    """

    at_once: int = 8

    @abstractmethod
    def keep(self, source: str, dataset: str, payload: Payload) -> BronzeObject:
        """
        Put a payload into Bronze, unless the same bytes lie there already. Damage is mended.
        """

    @abstractmethod
    def payload(self, kept: BronzeObject) -> Payload:
        """
        Read a payload back from Bronze.

        :raises ContentError: It is gone, or its SHA-256 is not the recorded one.
        """

    def faults(self, kept: BronzeObject) -> Sequence[Fault]:
        """
        Read all that belongs to a payload; say what of it is missing or damaged.
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

        Override it where all of them can be told with fewer requests than one a partition. It must tell
        a partition that was replaced or damaged, whoever did that.
        """
        return {key: self.fingerprint(key) for key in self.partitions(source)}

    @abstractmethod
    def read(self, key: PartitionKey) -> pa.Table:
        """
        Read a partition.

        :raises ContentError: There is none, or it is damaged.
        """

    def read_rows(self, key: PartitionKey, wanted: Mapping[str, Collection[str]]) -> pa.Table:  # noqa: ARG002
        """
        Read at least the rows of a Gold table that have one of the *wanted* texts in each of these columns, in order.

        Override it where other rows can be left out without reading all of the table. What is read must be
        verified as :meth:`read` does.

        :raises ContentError: As :meth:`read` raises it.
        """
        return self.read(key)

    def stage(self, partition: Partition) -> None:  # noqa: ARG002
        """
        Put a partition where no reader looks, until :meth:`publish` gives it its place.

        So workers in other processes write tables before it is decided whether they are published. What is
        staged goes by its key and fingerprint. A lake without this works with threads only.
        """
        raise ConfigError(_THREADS_ONLY.format(type(self).__name__))

    def staged(self, key: PartitionKey, fingerprint: str) -> pa.Table | None:  # noqa: ARG002
        """
        Read what was staged, ``None`` where it is not there, or not whole.
        """
        return None

    def publish(self, key: PartitionKey, fingerprint: str) -> Receipt | None:  # noqa: ARG002
        """
        Give what was staged its place, whole or not at all; ``None`` where it is not there, or not whole.
        """
        return None

    def parts(self, key: PartitionKey) -> Sequence[Part]:  # noqa: ARG002
        """
        List the parts in which a Gold table is held; none where it is held in one piece.

        A lake that keeps no parts has each table whole, and is given it so.
        """
        return ()

    def vouches_for(self, key: PartitionKey) -> bool:  # noqa: ARG002
        """
        Tell whether :meth:`read` notices each changed byte of a partition.
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
        Return a manifest's JSON: damaged only if there is no whole copy.

        :raises ContentError: No such run was recorded.
        """

    def manifest_faults(self, source: str, run_id: str) -> Sequence[Fault]:
        """
        Read a manifest, and its copies if the lake keeps any; say what is missing or damaged.
        """
        reason = manifest_fault(self.manifest(source, run_id), source, run_id)
        return [Fault(f"runs/{source}/{run_id}", f"is damaged: {reason}")] if reason else []

    def restore_manifest(self, source: str, run_id: str) -> bool:
        """
        Set aside what is damaged of a manifest; put whole ones in its place if there is a copy.

        What is set aside stays in the lake for people to look at. A run without a whole copy is no
        longer listed; ``False`` says so. The caller holds the source's lock.
        """
        return not self.manifest_faults(source, run_id)

    def unnamed(
        self,
        source: str | None,  # noqa: ARG002
        kept: Iterable[BronzeObject],  # noqa: ARG002
        keys: Iterable[PartitionKey],  # noqa: ARG002
    ) -> Sequence[str]:
        """
        List the objects, of a source or of all, that belong to none of these payloads and partitions.

        A run that was killed leaves such objects, and manifests that were set aside.
        """
        return ()

    @abstractmethod
    def lock(
        self, name: str, wait: float, run_id: Callable[[], str]
    ) -> AbstractContextManager[str]:
        """
        Hold the right to write under this name, waiting *wait* seconds at most.

        *run_id* is called once the lock is held, so that run ids sort as the runs took their turns;
        its result is shown to those who wait, and is what the context manager gives.

        :raises Locked: Somebody else holds it; the text says who and since when.
        """
