"""A lake in memory. It is held to the same contract as the real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs

from statpipe.api import (
    BronzeObject,
    ContentError,
    Lake,
    Layer,
    Locked,
    Manifest,
    PartitionKey,
    Payload,
)
from statpipe.testing.fakes.memory_sink import MemorySink

if TYPE_CHECKING:
    import pyarrow as pa


class MemoryLake(MemorySink, Lake):
    """
    A lake of dicts. ``bronze`` and ``runs`` can be looked at, and damaged, by a test.
    """

    layers = frozenset({Layer.BRONZE, Layer.SILVER, Layer.GOLD})

    def __init__(self, name: str = "lake") -> None:
        super().__init__(name)
        self.bronze: dict[str, Payload] = {}
        self.runs: dict[tuple[str, str], bytes] = {}
        self.holders: dict[str, str] = {}

    def keep(self, source: str, dataset: str, payload: Payload) -> BronzeObject:
        self._call("keep", payload.name)
        retrieved = payload.retrieved or datetime.now(UTC)
        day = retrieved.astimezone(UTC).date().isoformat()
        key = f"bronze/{source}/{dataset}/{day}/{payload.name}-{payload.sha256}{payload.suffix}"
        self.bronze.setdefault(key, payload)
        return BronzeObject(
            key=key,
            name=payload.name,
            sha256=payload.sha256,
            size=len(payload.body),
            media_type=payload.media_type,
            request=dict(payload.request),
            retrieved=retrieved,
        )

    def payload(self, kept: BronzeObject) -> Payload:
        self._call("payload", kept.name)
        found = self.bronze.get(kept.key)
        if found is None or hashlib.sha256(found.body).hexdigest() != kept.sha256:
            msg = f"{kept.key} is gone from Bronze or damaged; restore it from a backup"
            raise ContentError(msg)
        return attrs.evolve(found, retrieved=kept.retrieved)

    def partitions(self, source: str) -> Sequence[PartitionKey]:
        self._call("partitions", source)
        silver = [k for k in self.held if (k.layer, k.owner) == (Layer.SILVER, source)]
        return sorted(silver, key=lambda key: key.path)

    def read(self, key: PartitionKey) -> pa.Table:
        self._call("read", key.path)
        if key not in self.held:
            msg = f"the lake has no {key.path}; run `statpipe transform` to make it from Bronze"
            raise ContentError(msg)
        return self.held[key].table

    def run_ids(self, source: str | None = None) -> Sequence[tuple[str, str]]:
        self._call("run_ids", source or "")
        return sorted((r for r in self.runs if source in {None, r[0]}), key=lambda run: run[1])

    def manifest(self, source: str, run_id: str) -> bytes:
        self._call("manifest", run_id)
        if (source, run_id) not in self.runs:
            msg = f"the lake has no manifest of run {run_id} of {source}"
            raise ContentError(msg)
        return self.runs[source, run_id]

    def record(self, manifest: Manifest) -> None:
        super().record(manifest)
        body = manifest.as_json()
        if self.runs.setdefault((manifest.source, manifest.run_id), body) != body:
            msg = f"another run has already recorded {manifest.run_id}; run ids must not repeat"
            raise RuntimeError(msg)

    @contextmanager
    def lock(self, name: str, wait: float, run_id: Callable[[], str]) -> Iterator[str]:
        if name in self.holders:
            msg = f"{name} is locked by run {self.holders[name]}; wait for it, or run again later"
            raise Locked(msg)
        self.holders[name] = run_id()
        try:
            yield self.holders[name]
        finally:
            del self.holders[name]
