"""The lake: payloads, tables and manifests as objects."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs

from statpipe.api import (
    BronzeObject,
    ContentError,
    Diagnosis,
    Fault,
    Lake,
    Layer,
    Manifest,
    Part,
    Partition,
    PartitionKey,
    Payload,
    Receipt,
)
from statpipe_lake import bronze
from statpipe_lake.folder import FolderStore
from statpipe_lake.manifests import Manifests
from statpipe_lake.parquet import (
    FOOTER,
    carries_hash,
    fingerprint_in,
    part_fault,
    to_parquet,
)
from statpipe_lake.parts import all_rows, encoded_parts, held_parts, path_of
from statpipe_lake.settings import LakeSettings
from statpipe_lake.store import ObjectStore

if TYPE_CHECKING:
    import pyarrow as pa

_SILVER = re.compile(
    r"silver/(?P<source>[^/]+)/dataset=(?P<dataset>[^/]+)/vintage=(?P<vintage>[^/]+)/part-0\.parquet"
)
_LAYERS = ("bronze", "silver", "changes", "gold", "runs", "copies")


class LakeSink(Lake):
    """
    A lake in a folder or a bucket. Its layout is part of the interface: see the plugin's README.
    """

    layers = frozenset(Layer)

    def __init__(self, settings: LakeSettings) -> None:
        self._settings = settings
        self._objects = _store(settings)
        self._manifests = Manifests(self._objects)

    def fingerprint(self, key: PartitionKey) -> str | None:
        try:
            tail = self._objects.tail(path_of(key), FOOTER)
        except ContentError:
            return None
        return None if tail is None else fingerprint_in(tail)

    def write(self, partition: Partition) -> Receipt:
        rows = partition.rows
        receipt = Receipt(
            sink="lake", path=partition.key.path, fingerprint=partition.fingerprint, rows=rows
        )
        if self.fingerprint(partition.key) == partition.fingerprint and self._is_whole(partition):
            return receipt
        bodies = (
            encoded_parts(partition, self.parts(partition.key))
            if partition.parts
            else {path_of(partition.key): to_parquet(partition)}
        )
        for path, body in bodies.items():
            self._objects.put(path, body)
        return attrs.evolve(receipt, inserted=rows, bytes_written=sum(map(len, bodies.values())))

    def parts(self, key: PartitionKey) -> Sequence[Part]:
        try:
            return held_parts(self._objects, key)
        except ContentError:
            return ()

    def read(self, key: PartitionKey) -> pa.Table:
        path = path_of(key)
        reason = ""
        try:
            body = self._objects.get(path)
        except ContentError as error:
            body, reason = b"", str(error)
        if body is None:
            msg = f"the lake has no {path}; run `statpipe transform {_owner(key) or '--all'}` to make it from Bronze"
            raise ContentError(msg)
        reason = reason or part_fault(body, key.path)
        if reason:
            verify = " ".join(("statpipe lake verify", *_owner(key).split(), "--repair"))
            msg = f"{path} in the lake is damaged: {reason}; run `{verify}` to make it anew"
            raise ContentError(msg)
        return all_rows(self._objects, key, body)

    def vouches_for(self, key: PartitionKey) -> bool:
        tail = self._objects.tail(path_of(key), FOOTER)
        return tail is not None and carries_hash(tail)

    def partitions(self, source: str) -> Sequence[PartitionKey]:
        found = (_SILVER.fullmatch(path) for path in self._objects.paths(f"silver/{source}"))
        return [
            PartitionKey(
                layer=Layer.SILVER,
                owner=match["source"],
                dataset=match["dataset"],
                vintage=match["vintage"],
            )
            for match in found
            if match
        ]

    def keep(self, source: str, dataset: str, payload: Payload) -> BronzeObject:
        retrieved = payload.retrieved or datetime.now(UTC)
        key = (
            f"bronze/{source}/{dataset}/{retrieved.astimezone(UTC).date().isoformat()}/"
            f"{payload.name}-{payload.sha256}{payload.suffix}.gz"
        )
        body = bronze.packed(payload.body)
        kept = BronzeObject(
            key=key,
            name=payload.name,
            sha256=payload.sha256,
            size=len(payload.body),
            media_type=payload.media_type,
            request=dict(payload.request),
            retrieved=retrieved,
            stored_sha256=hashlib.sha256(body).hexdigest(),
            structure=payload.structure,
        )
        # The name holds the hash, so what is there is this very object, or damaged.
        self._put_whole(key, body, lambda there: there == body)
        note = bronze.note_path(key)
        self._put_whole(note, bronze.note(kept), lambda there: not bronze.note_fault(kept, there))
        return kept

    def payload(self, kept: BronzeObject) -> Payload:
        stored = self._objects.get(kept.key)
        remedy = f"run `statpipe lake verify {kept.key.split('/')[1]} --repair`, or restore it from a backup"
        if stored is None:
            msg = f"{kept.key} is gone from Bronze, though a manifest names it; {remedy}"
            raise ContentError(msg)
        try:
            body = bronze.unpacked(kept, stored)
        except ContentError as error:
            msg = f"{kept.key} in Bronze is damaged: {error}; {remedy}"
            raise ContentError(msg) from error
        return Payload(
            name=kept.name,
            body=body,
            media_type=kept.media_type,
            request=kept.request,
            retrieved=kept.retrieved,
            structure=kept.structure,
        )

    def faults(self, kept: BronzeObject) -> Sequence[Fault]:
        note = bronze.note_path(kept.key)
        looks = (
            (kept.key, lambda body: bronze.object_fault(kept, body)),
            (note, lambda body: bronze.note_fault(kept, body)),
        )
        return [Fault(path, reason) for path, look in looks if (reason := self._fault(path, look))]

    def run_ids(self, source: str | None = None) -> Sequence[tuple[str, str]]:
        return self._manifests.run_ids(source)

    def manifest(self, source: str, run_id: str) -> bytes:
        return self._manifests.read(source, run_id)

    def manifest_faults(self, source: str, run_id: str) -> Sequence[Fault]:
        return self._manifests.faults(source, run_id)

    def restore_manifest(self, source: str, run_id: str) -> bool:
        return self._manifests.restore(source, run_id)

    def record(self, manifest: Manifest) -> None:
        # Who lost the lock does not know any more what the lake holds.
        self._objects.still_locked()
        self._manifests.put(manifest)

    def unnamed(
        self, source: str | None, kept: Iterable[BronzeObject], keys: Iterable[PartitionKey]
    ) -> Sequence[str]:
        named = {path for key in keys for path in self._files(key)}
        for one in kept:
            named |= {one.key, bronze.note_path(one.key)}
        places = [f"{layer}/{source}" for layer in _LAYERS if layer != "gold"]
        found = [
            path for place in (places if source else _LAYERS) for path in self._objects.paths(place)
        ]
        recorded = ("runs/", "copies/")
        return [
            path
            for path in found
            if path not in named and not (path.startswith(recorded) and path.endswith(".json"))
        ]

    def lock(
        self, name: str, wait: float, run_id: Callable[[], str]
    ) -> AbstractContextManager[str]:
        shown = f"{name} in environment {self._settings.environment.name}"
        return self._objects.lock(name, shown, wait, run_id)

    def remove_scratch(self) -> None:
        if self._settings.environment.scratch:
            self._objects.remove_all()

    def diagnose(self) -> Iterable[Diagnosis]:
        return self._objects.diagnose()

    def locations(self) -> dict[str, str]:
        return {"lake": self._objects.address}

    def _files(self, key: PartitionKey) -> Iterator[str]:
        yield path_of(key)
        if key.layer is Layer.GOLD:
            yield from (path_of(key, part.year) for part in self.parts(key) if part.year)

    def _put_whole(self, path: str, body: bytes, whole: Callable[[bytes], bool]) -> None:
        """Put an object, unless a whole one is there already."""
        if self._objects.put_if_absent(path, body):
            return
        try:
            there = self._objects.get(path)
        except ContentError:
            there = None
        if there is None or not whole(there):
            self._objects.put(path, body)

    def _is_whole(self, partition: Partition) -> bool:
        """Tell whether what is there under a partition's fingerprint is that partition."""
        path = partition.key.path
        body = self._objects.get(path_of(partition.key))
        if body is None or part_fault(body, path):
            return False
        try:
            there = all_rows(self._objects, partition.key, body)
        except ContentError:
            return False
        return carries_hash(body) or bool(there.equals(partition.table))

    def _fault(self, path: str, look: Callable[[bytes], str]) -> str:
        try:
            body = self._objects.get(path)
        except ContentError as error:
            return f"is damaged: {error}"
        if body is None:
            return "is gone"
        reason = look(body)
        return f"is damaged: {reason}" if reason else ""


def _store(settings: LakeSettings) -> ObjectStore:
    if settings.in_bucket:
        from statpipe_lake.bucket import BucketStore

        return BucketStore(settings.place)
    root, scratch = settings.root, settings.environment.scratch
    if scratch:
        return FolderStore(root.parents[1], corner=f"scratch/{scratch}", fsync=settings.fsync)
    return FolderStore(root, fsync=settings.fsync)


def _owner(key: PartitionKey) -> str:
    """Return the source that a partition belongs to; Gold may read several."""
    return "" if key.layer is Layer.GOLD else key.owner
