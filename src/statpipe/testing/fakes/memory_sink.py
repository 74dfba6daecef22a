"""A sink in memory. It passes the same contract tests as real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from statpipe.api import (
    Layer,
    Manifest,
    Partition,
    PartitionKey,
    Receipt,
    Sink,
    Unavailable,
)


class MemorySink(Sink):
    """
    Keeps partitions in a dict and records every call. ``down`` makes it unreachable.
    """

    layers = frozenset({Layer.SILVER, Layer.GOLD})

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.held: dict[PartitionKey, Partition] = {}
        self.calls: list[str] = []
        self.manifests: list[Manifest] = []
        self.down = False
        self.closed = 0
        self.scratch_removed = 0

    def fingerprint(self, key: PartitionKey) -> str | None:
        self._call("fingerprint", key.path)
        found = self.held.get(key)
        return found.fingerprint if found else None

    def write(self, partition: Partition) -> Receipt:
        self._call("write", partition.key.path)
        rows = len(partition.table)
        before = self.held.get(partition.key)
        fresh = before is None or before.fingerprint != partition.fingerprint
        if fresh:
            self.held[partition.key] = partition
        return Receipt(
            sink=self.name,
            path=partition.key.path,
            fingerprint=partition.fingerprint,
            rows=rows,
            inserted=rows if fresh else 0,
            deleted=len(before.table) if before is not None and fresh else 0,
        )

    def record(self, manifest: Manifest) -> None:
        self._call("record", manifest.run_id)
        self.manifests.append(manifest)

    def match_records(
        self, source: str, run_ids: Sequence[str], manifest: Callable[[str], Manifest | None]
    ) -> None:
        there = {one.run_id for one in self.manifests if one.source == source}
        self.manifests = [
            one for one in self.manifests if one.source != source or one.run_id in run_ids
        ]
        missing = (manifest(run_id) for run_id in run_ids if run_id not in there)
        self.manifests += [one for one in missing if one is not None]

    def remove_scratch(self) -> None:
        self.scratch_removed += 1

    def locations(self) -> dict[str, str]:
        return {self.name: "in memory"}

    def close(self) -> None:
        self.closed += 1

    def _call(self, what: str, detail: str) -> None:
        self.calls.append(f"{what} {detail}")
        if self.down:
            msg = f"{self.name} is down; run again later"
            raise Unavailable(msg)
