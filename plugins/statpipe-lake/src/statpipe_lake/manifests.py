"""Manifests in the lake, each with a copy.

The manifest is put first, and makes the run known; then its copy, from which it can be made again.
Where a run was killed between the two, the next run puts the copy. Lakes of older versions have none.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from statpipe.api import ContentError, Fault, Manifest
from statpipe.domain.manifest import manifest_fault
from statpipe.domain.self_hash import is_hashed
from statpipe_lake.store import ObjectStore

_SUFFIX = ".json"


@frozen
class Manifests:
    """
    The manifests of a store.
    """

    objects: ObjectStore

    def run_ids(self, source: str | None) -> list[tuple[str, str]]:
        """
        List the recorded runs as (source, run id), oldest first.
        """
        runs = {
            (parts[1], parts[2].removesuffix(_SUFFIX))
            for layer in ("runs", "copies")
            for parts in (p.split("/") for p in self._paths(layer, source))
            if len(parts) == 3 and parts[2].endswith(_SUFFIX)  # noqa: PLR2004
        }
        return sorted(runs, key=lambda run: run[1])

    def read(self, source: str, run_id: str) -> bytes:
        """
        Return a manifest, or its copy where it is missing or damaged; damaged, where both are.

        :raises ContentError: There is none.
        """
        found: bytes | None = None
        for path in _places(source, run_id):
            body = self._at(path)
            if body is not None and not manifest_fault(body, source, run_id):
                return body
            found = body if found is None else found
        if found is None:
            msg = f"the lake has no manifest of run {run_id} of {source}"
            raise ContentError(msg)
        return found

    def put(self, manifest: Manifest) -> None:
        """
        Record a run; everything put before survives a power failure once it is known.
        """
        path, copy = _places(manifest.source, manifest.run_id)
        body = manifest.as_json()
        for place in (path, copy):
            self.objects.settle()
            if not self.objects.put_if_absent(place, body) and self.objects.get(place) != body:
                msg = f"another run has already recorded {path}; run ids must not repeat"
                raise RuntimeError(msg)
        self.objects.settle()

    def faults(self, source: str, run_id: str) -> Sequence[Fault]:
        """
        Say what is wrong with a manifest and its copy.
        """
        path, copy = _places(source, run_id)
        faults, missing = [], []
        hashed = False
        for place in (path, copy):
            try:
                body = self.objects.get(place)
            except ContentError as error:
                faults.append(Fault(place, f"is damaged: {error}"))
                continue
            if body is None:
                missing.append(Fault(place, "is gone"))
                continue
            reason = manifest_fault(body, source, run_id)
            if reason:
                faults.append(Fault(place, f"is damaged: {reason}"))
            hashed = hashed or is_hashed(body)
        # An older version wrote no copy, and no hash.
        expected = missing if hashed else [fault for fault in missing if fault.path == path]
        return [*faults, *expected]

    def restore(self, source: str, run_id: str) -> bool:
        """
        Set aside what is damaged, and put the manifest and its copy where one of them is whole.

        Return whether one was.
        """
        body = self.read(source, run_id)
        whole = not manifest_fault(body, source, run_id)
        for fault in self.faults(source, run_id):
            if fault.reason != "is gone":
                self.objects.set_aside(fault.path)
        if whole:
            for place in _places(source, run_id):
                if self._at(place) != body:
                    self.objects.put(place, body)
        return whole

    def _paths(self, layer: str, source: str | None) -> list[str]:
        return self.objects.paths(f"{layer}/{source}" if source else layer)

    def _at(self, path: str) -> bytes | None:
        try:
            return self.objects.get(path)
        except ContentError:
            return None


def _places(source: str, run_id: str) -> tuple[str, str]:
    return f"runs/{source}/{run_id}{_SUFFIX}", f"copies/{source}/{run_id}{_SUFFIX}"
