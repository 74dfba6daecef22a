"""The lake: payloads, tables and manifests as objects."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
    from_parquet,
    part_fault,
    rows_in,
    to_parquet,
)
from statpipe_lake.parts import all_rows, encoded_parts, held_parts, path_of
from statpipe_lake.prints import SILVER, Prints
from statpipe_lake.settings import LakeSettings
from statpipe_lake.some_rows import some_rows
from statpipe_lake.store import ObjectStore
from statpipe_lake.turn import Turn

if TYPE_CHECKING:
    import pyarrow as pa

_LAYERS = ("bronze", "silver", "changes", "gold", "staged", "runs", "copies")


class LakeSink(Lake):
    """
    A lake in a folder or a bucket. Its layout is part of the interface: see the plugin's README.
    """

    layers = frozenset(Layer)

    def __init__(self, settings: LakeSettings) -> None:
        self._settings = settings
        self._objects = _store(settings)
        self._prints = Prints(self._objects)
        self._turns: dict[str, Turn] = {}
        self._manifests = Manifests(self._objects, self._turns)
        self.at_once = settings.calls_at_once

    def fingerprint(self, key: PartitionKey) -> str | None:
        path, turn = path_of(key), self._turn_of(key)
        if path in turn.prints or (turn.all_silver and key.layer is Layer.SILVER):
            return turn.prints.get(path)
        found = self._prints.look(path)
        turn.prints[path] = found and found[1]
        return turn.prints[path]

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
        turn = self._turn_of(partition.key)
        turn.prints.pop(path_of(partition.key), None)  # unknown if a put fails
        for path, body in bodies.items():
            tag = self._objects.put(path, body)
        self._prints.note(path, tag, partition.fingerprint)
        turn.prints[path] = partition.fingerprint
        return attrs.evolve(receipt, inserted=rows, bytes_written=sum(map(len, bodies.values())))

    def stage(self, partition: Partition) -> None:
        self._objects.put(_staged(partition.key, partition.fingerprint), to_parquet(partition))

    def staged(self, key: PartitionKey, fingerprint: str) -> pa.Table | None:
        body = self._objects.get(_staged(key, fingerprint))
        return None if body is None or part_fault(body, key.path) else from_parquet(body)

    def publish(self, key: PartitionKey, fingerprint: str) -> Receipt | None:
        staged, path, turn = _staged(key, fingerprint), path_of(key), self._turn_of(key)
        found = self._objects.tagged_tail(staged, FOOTER)
        if found is None or fingerprint_in(found[0]) != fingerprint:
            return None
        if self.fingerprint(key) == fingerprint:
            return None  # write() checks whether it is intact
        turn.prints.pop(path, None)  # unknown if the move fails
        tail, tag = found
        size = self._objects.move(staged, path)
        self._prints.note(
            path, tag, fingerprint
        )  # of the bytes that were read; a copy with another tag is read again
        turn.prints[path] = fingerprint
        rows = rows_in(tail)
        return Receipt(
            sink="lake",
            path=key.path,
            fingerprint=fingerprint,
            rows=rows,
            inserted=rows,
            bytes_written=size,
        )

    def parts(self, key: PartitionKey) -> Sequence[Part]:
        if self._turn_of(key).prints.get(path_of(key), "") is None:
            return ()  # known: nothing exists there
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
            msg = (
                f"the lake has no {path}; run `statpipe transform {_owner(key) or '--all'}` to "
                "rebuild it from Bronze"
            )
            raise ContentError(msg)
        reason = reason or part_fault(body, key.path)
        if reason:
            verify = " ".join(("statpipe lake verify", *_owner(key).split(), "--repair"))
            msg = f"{path} in the lake is damaged: {reason}; run `{verify}` to rebuild it"
            raise ContentError(msg)
        return all_rows(self._objects, key, body)

    def read_rows(self, key: PartitionKey, wanted: Mapping[str, Collection[str]]) -> pa.Table:
        with suppress(ContentError):
            return some_rows(self._objects, key, wanted)
        return self.read(key)  # reads again, and reports what is wrong

    def vouches_for(self, key: PartitionKey) -> bool:
        tail = self._objects.tail(path_of(key), FOOTER)
        return tail is not None and carries_hash(tail)

    def partitions(self, source: str) -> Sequence[PartitionKey]:
        found = map(_silver_key, self._objects.paths(f"silver/{source}"))
        return [key for key in found if key]

    def fingerprints(self, source: str) -> Mapping[PartitionKey, str | None]:
        found = self._prints.of(source)
        if source in self._turns:
            self._turns[source].prints, self._turns[source].all_silver = dict(found), True
        keys = {path: _silver_key(path) for path in found}
        return {key: found[path] for path, key in keys.items() if key}

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
        puts = (
            # The name contains the hash, so an existing object is either this object or damaged.
            (key, body, lambda there: there == body),
            (
                bronze.note_path(key),
                bronze.note(kept),
                lambda there: not bronze.note_fault(kept, there),
            ),
        )
        self._objects.side_by_side(lambda put: self._put_whole(*put), puts)
        return kept

    def payload(self, kept: BronzeObject) -> Payload:
        stored = self._objects.get(kept.key)
        remedy = f"run `statpipe lake verify {kept.key.split('/')[1]} --repair`, or restore it from a backup"
        if stored is None:
            msg = f"{kept.key} is missing from Bronze, although a manifest lists it; {remedy}"
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
        # Without the lock, what is remembered of the lake may be wrong.
        self._objects.still_locked()
        self._prints.save(manifest.source)
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

    @contextmanager
    def lock(self, name: str, wait: float, run_id: Callable[[], str]) -> Iterator[str]:
        def begun() -> str:
            self._turns[name] = Turn()
            return run_id()

        shown = f"{name} in environment {self._settings.environment.name}"
        try:
            with self._objects.lock(name, shown, wait, begun) as held_by:
                yield held_by
        finally:
            self._turns.pop(name, None)

    def remove_scratch(self) -> None:
        if self._settings.environment.scratch:
            self._objects.remove_all()

    def diagnose(self) -> Iterable[Diagnosis]:
        return self._objects.diagnose()

    def locations(self) -> dict[str, str]:
        return {"lake": self._objects.address}

    def _turn_of(self, key: PartitionKey) -> Turn:
        """
        Return what is known under the lock that guards a partition. Without the lock, nothing is
        known.
        """
        return self._turns.get(key.owner if key.layer is Layer.SILVER else "gold") or Turn()

    def _files(self, key: PartitionKey) -> Iterator[str]:
        yield path_of(key)
        if key.layer is Layer.GOLD:
            yield from (path_of(key, part.year) for part in self.parts(key) if part.year)

    def _put_whole(self, path: str, body: bytes, whole: Callable[[bytes], bool]) -> None:
        """Put an object, unless an intact one exists already."""
        if self._objects.put_if_absent(path, body):
            return
        try:
            there = self._objects.get(path)
        except ContentError:
            there = None
        if there is None or not whole(there):
            self._objects.put(path, body)

    def _is_whole(self, partition: Partition) -> bool:
        """Return whether the object with a partition's fingerprint is really that partition."""
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
        place = settings.place  # says what to install if it is missing
        from statpipe_lake.bucket import BucketStore

        return BucketStore(place, settings.requests_at_once)
    root, scratch = settings.root, settings.environment.scratch
    if scratch:
        return FolderStore(root.parents[1], corner=f"scratch/{scratch}", fsync=settings.fsync)
    return FolderStore(root, fsync=settings.fsync)


def _silver_key(path: str) -> PartitionKey | None:
    match = SILVER.fullmatch(path)
    if match is None:
        return None
    return PartitionKey(
        layer=Layer.SILVER,
        owner=match["source"],
        dataset=match["dataset"],
        vintage=match["vintage"],
    )


def _owner(key: PartitionKey) -> str:
    """Return the source of a partition. Gold may read several sources."""
    return "" if key.layer is Layer.GOLD else key.owner


def _staged(key: PartitionKey, fingerprint: str) -> str:
    return f"staged/{key.owner}/{key.dataset}-{key.vintage}-{fingerprint}.parquet"
