"""A lake in memory. It passes the same contract tests as real ones."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs

from statpipe.api import (
    BronzeObject,
    ContentError,
    Fault,
    Lake,
    Layer,
    Locked,
    Manifest,
    Part,
    Partition,
    PartitionKey,
    Payload,
    Receipt,
)
from statpipe.domain.manifest import manifest_fault
from statpipe.testing.fakes.memory_sink import MemorySink

if TYPE_CHECKING:
    import pyarrow as pa


class MemoryLake(MemorySink, Lake):
    """
    A lake of dicts. Tests can read and damage ``bronze``, ``runs`` and ``copies``.

    Damaged manifests go to ``aside``.
    """

    layers = frozenset(Layer)

    def __init__(self, name: str = "lake") -> None:
        super().__init__(name)
        self.bronze: dict[str, Payload] = {}
        self.runs: dict[tuple[str, str], bytes] = {}
        self.copies: dict[tuple[str, str], bytes] = {}
        self.undecided: dict[tuple[PartitionKey, str], Partition] = {}
        self.aside: list[tuple[str, str]] = []
        self.holders: dict[str, str] = {}
        self._freed = threading.Condition()

    def keep(self, source: str, dataset: str, payload: Payload) -> BronzeObject:
        self._call("keep", payload.name)
        retrieved = payload.retrieved or datetime.now(UTC)
        day = retrieved.astimezone(UTC).date().isoformat()
        key = f"bronze/{source}/{dataset}/{day}/{payload.name}-{payload.sha256}{payload.suffix}"
        there = self.bronze.get(key)
        if there is None or _hash(there) != payload.sha256:
            self.bronze[key] = payload
        return BronzeObject(
            key=key,
            name=payload.name,
            sha256=payload.sha256,
            size=len(payload.body),
            media_type=payload.media_type,
            request=dict(payload.request),
            retrieved=retrieved,
            structure=payload.structure,
        )

    def payload(self, kept: BronzeObject) -> Payload:
        self._call("payload", kept.name)
        if self.faults(kept):
            msg = f"{kept.key} is missing from Bronze or damaged; restore it from a backup"
            raise ContentError(msg)
        found = self.bronze[kept.key]
        return attrs.evolve(found, retrieved=kept.retrieved, structure=kept.structure)

    def faults(self, kept: BronzeObject) -> Sequence[Fault]:
        found = self.bronze.get(kept.key)
        if found is None:
            return [Fault(kept.key, "is gone")]
        if _hash(found) != kept.sha256:
            return [Fault(kept.key, "is damaged: its SHA-256 differs from the recorded one")]
        return []

    def vouches_for(self, key: PartitionKey) -> bool:
        return True

    def partitions(self, source: str) -> Sequence[PartitionKey]:
        self._call("partitions", source)
        silver = [k for k in self.held if (k.layer, k.owner) == (Layer.SILVER, source)]
        return sorted(silver, key=lambda key: key.path)

    def read(self, key: PartitionKey) -> pa.Table:
        self._call("read", key.path)
        if key not in self.held:
            owner = key.owner if key.layer is Layer.SILVER else "--all"
            msg = (
                f"the lake has no {key.path}; run `statpipe transform {owner}` to rebuild it "
                "from Bronze"
            )
            raise ContentError(msg)
        return self.held[key].table

    def write(self, partition: Partition) -> Receipt:
        # Parts that are read lazily from here might already be replaced.
        parts = tuple(_held(part, part.read()) for part in partition.parts)
        return super().write(attrs.evolve(partition, table=partition.table, parts=parts))

    def stage(self, partition: Partition) -> None:
        self._call("stage", partition.key.path)
        self.undecided[partition.key, partition.fingerprint] = partition

    def staged(self, key: PartitionKey, fingerprint: str) -> pa.Table | None:
        self._call("staged", key.path)
        found = self.undecided.get((key, fingerprint))
        return None if found is None else found.table

    def publish(self, key: PartitionKey, fingerprint: str) -> Receipt | None:
        self._call("publish", key.path)
        found = self.undecided.pop((key, fingerprint), None)
        return None if found is None else self.write(found)

    def parts(self, key: PartitionKey) -> Sequence[Part]:
        self._call("parts", key.path)
        return self.held[key].parts if key in self.held else ()

    def run_ids(self, source: str | None = None) -> Sequence[tuple[str, str]]:
        self._call("run_ids", source or "")
        runs = {*self.runs, *self.copies}
        return sorted((r for r in runs if source in {None, r[0]}), key=lambda run: run[1])

    def manifest(self, source: str, run_id: str) -> bytes:
        self._call("manifest", run_id)
        run = (source, run_id)
        found = [place[run] for place in (self.runs, self.copies) if run in place]
        if not found:
            msg = f"the lake has no manifest of run {run_id} of {source}"
            raise ContentError(msg)
        return next((body for body in found if not manifest_fault(body, *run)), found[0])

    def manifest_faults(self, source: str, run_id: str) -> Sequence[Fault]:
        run = (source, run_id)
        faults = []
        for layer, place in (("runs", self.runs), ("copies", self.copies)):
            reason = manifest_fault(place[run], *run) if run in place else ""
            if run not in place or reason:
                what = f"is damaged: {reason}" if reason else "is gone"
                faults.append(Fault(f"{layer}/{source}/{run_id}", what))
        return faults

    def restore_manifest(self, source: str, run_id: str) -> bool:
        run, body = (source, run_id), self.manifest(source, run_id)
        whole = not manifest_fault(body, *run)
        for place in (self.runs, self.copies):
            if run in place and manifest_fault(place[run], *run):
                self.aside.append(run)
                del place[run]
            if whole:
                place[run] = body
        return whole

    def record(self, manifest: Manifest) -> None:
        super().record(manifest)
        body = manifest.as_json()
        for place in (self.runs, self.copies):
            if place.setdefault((manifest.source, manifest.run_id), body) != body:
                msg = f"another run has already recorded {manifest.run_id}; run ids must not repeat"
                raise RuntimeError(msg)

    @contextmanager
    def lock(self, name: str, wait: float, run_id: Callable[[], str]) -> Iterator[str]:
        with self._freed:
            if not self._freed.wait_for(lambda: name not in self.holders, wait):
                msg = (
                    f"{name} is locked by run {self.holders[name]}; wait for it, or run again later"
                )
                raise Locked(msg)
            self.holders[name] = run_id()
        try:
            yield self.holders[name]
        finally:
            with self._freed:
                del self.holders[name]
                self._freed.notify_all()


def _hash(payload: Payload) -> str:
    return hashlib.sha256(payload.body).hexdigest()


def _held(part: Part, rows: pa.Table) -> Part:
    return attrs.evolve(part, read=lambda: rows, held=True)
