"""The lake: payloads, tables and manifests as objects."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from isal import igzip, igzip_lib

from statpipe.api import (
    BronzeObject,
    ContentError,
    Diagnosis,
    Lake,
    Layer,
    Manifest,
    Partition,
    PartitionKey,
    Payload,
    Receipt,
)
from statpipe_lake.folder import FolderStore
from statpipe_lake.parquet import fingerprint_in, from_parquet, to_parquet
from statpipe_lake.settings import LakeSettings
from statpipe_lake.store import ObjectStore

if TYPE_CHECKING:
    import pyarrow as pa

_DAMAGED = (OSError, EOFError, cast("type[Exception]", igzip_lib.IsalError))
"""What unpacking raises, by the kind of damage; isal's stubs call the last one an instance."""

_FOOTER = 64 * 1024
"""More than the footer of any of our files: some 6 KB of it per row group."""

_SILVER = re.compile(
    r"silver/(?P<source>[^/]+)/dataset=(?P<dataset>[^/]+)/vintage=(?P<vintage>[^/]+)/part-0\.parquet"
)


class LakeSink(Lake):
    """
    A lake in a folder or a bucket. Its layout is part of the interface: see the plugin's README.
    """

    layers = frozenset({Layer.BRONZE, Layer.SILVER, Layer.GOLD})

    def __init__(self, settings: LakeSettings) -> None:
        self._settings = settings
        self._objects = _store(settings)

    def fingerprint(self, key: PartitionKey) -> str | None:
        tail = self._objects.tail(_part(key), _FOOTER)
        return None if tail is None else fingerprint_in(tail)

    def write(self, partition: Partition) -> Receipt:
        rows = len(partition.table)
        receipt = Receipt(
            sink="lake", path=partition.key.path, fingerprint=partition.fingerprint, rows=rows
        )
        if self.fingerprint(partition.key) == partition.fingerprint:
            return receipt
        body = to_parquet(partition)
        self._objects.put(_part(partition.key), body)
        return Receipt(
            sink="lake",
            path=partition.key.path,
            fingerprint=partition.fingerprint,
            rows=rows,
            inserted=rows,
            bytes_written=len(body),
        )

    def read(self, key: PartitionKey) -> pa.Table:
        import pyarrow as pa

        body = self._objects.get(_part(key))
        if body is None:
            msg = f"the lake has no {_part(key)}; run `statpipe transform` to make it from Bronze"
            raise ContentError(msg)
        try:
            return from_parquet(body)
        except (pa.ArrowException, OSError) as error:
            msg = (
                f"{_part(key)} in the lake is damaged ({str(error).splitlines()[0]}); delete the file "
                "and run `statpipe transform` to make it from Bronze"
            )
            raise ContentError(msg) from error

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
        kept = BronzeObject(
            key=key,
            name=payload.name,
            sha256=payload.sha256,
            size=len(payload.body),
            media_type=payload.media_type,
            request=dict(payload.request),
            retrieved=retrieved,
        )
        # The name holds the hash, so an object that is there already is this very one.
        self._objects.put_if_absent(key, igzip.compress(payload.body, compresslevel=1, mtime=0))
        self._objects.put_if_absent(f"{key}.meta.json", _meta(kept))
        return kept

    def payload(self, kept: BronzeObject) -> Payload:
        packed = self._objects.get(kept.key)
        if packed is None:
            msg = f"{kept.key} is gone from Bronze, though a manifest names it; restore it from a backup"
            raise ContentError(msg)
        try:
            body = igzip.decompress(packed)
        except _DAMAGED as error:
            body, reason = b"", str(error)
        else:
            reason = "its SHA-256 is not the recorded one"
        if hashlib.sha256(body).hexdigest() != kept.sha256:
            msg = f"{kept.key} in Bronze is damaged: {reason}; restore it from a backup"
            raise ContentError(msg)
        return Payload(
            name=kept.name,
            body=body,
            media_type=kept.media_type,
            request=kept.request,
            retrieved=kept.retrieved,
        )

    def run_ids(self, source: str | None = None) -> Sequence[tuple[str, str]]:
        prefix = f"runs/{source}" if source else "runs"
        found = (path.removesuffix(".json").split("/") for path in self._objects.paths(prefix))
        return sorted(((p[1], p[2]) for p in found if len(p) == 3), key=lambda run: run[1])  # noqa: PLR2004

    def manifest(self, source: str, run_id: str) -> bytes:
        body = self._objects.get(f"runs/{source}/{run_id}.json")
        if body is None:
            msg = f"the lake has no manifest of run {run_id} of {source}"
            raise ContentError(msg)
        return body

    def record(self, manifest: Manifest) -> None:
        # Who lost the lock does not know any more what the lake holds.
        self._objects.still_locked()
        path = f"runs/{manifest.source}/{manifest.run_id}.json"
        body = manifest.as_json()
        if not self._objects.put_if_absent(path, body) and self._objects.get(path) != body:
            msg = f"another run has already recorded {path}; run ids must not repeat"
            raise RuntimeError(msg)

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


def _store(settings: LakeSettings) -> ObjectStore:
    if settings.in_bucket:
        from statpipe_lake.bucket import BucketStore

        return BucketStore(settings.place)
    return FolderStore(settings.root)


def _part(key: PartitionKey) -> str:
    return f"{key.path}/part-0.parquet"


def _meta(kept: BronzeObject) -> bytes:
    document = {
        "name": kept.name,
        "sha256": kept.sha256,
        "size": kept.size,
        "media_type": kept.media_type,
        "request": dict(kept.request),
        "retrieved": kept.retrieved.isoformat() if kept.retrieved else None,
    }
    return json.dumps(document, indent=1, sort_keys=True).encode()
