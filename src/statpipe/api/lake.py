"""The sink that is the truth: it keeps payloads, tables and manifests, and can be read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from statpipe.api.sink import Sink
from statpipe.domain.manifest import BronzeObject
from statpipe.domain.partition import PartitionKey
from statpipe.domain.payload import Payload

if TYPE_CHECKING:
    import pyarrow as pa


class Lake(Sink):
    """
    A store of objects. Each environment has one; every other sink can be rebuilt from it.
    """

    @abstractmethod
    def keep(self, source: str, dataset: str, payload: Payload) -> BronzeObject:
        """
        Put a payload into Bronze, unless the same bytes lie there already.
        """

    @abstractmethod
    def payload(self, kept: BronzeObject) -> Payload:
        """
        Read a payload back from Bronze.

        :raises ContentError: It is gone, or its SHA-256 is not the recorded one.
        """

    @abstractmethod
    def partitions(self, source: str) -> Sequence[PartitionKey]:
        """
        List the Silver partitions of a source.
        """

    @abstractmethod
    def read(self, key: PartitionKey) -> pa.Table:
        """
        Read a partition.

        :raises ContentError: There is none, or it is damaged.
        """

    @abstractmethod
    def run_ids(self, source: str | None = None) -> Sequence[tuple[str, str]]:
        """
        List the recorded runs as (source, run id), oldest first.
        """

    @abstractmethod
    def manifest(self, source: str, run_id: str) -> bytes:
        """
        Return a manifest's JSON.
        """

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
