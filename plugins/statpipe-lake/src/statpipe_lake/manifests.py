"""Manifests in the lake, each with a copy.

The manifest is put first and makes the run visible. Then its copy is put, from which it can be
restored. If a run is killed between the two, the next run puts the copy. Lakes of older versions
have no copies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from statpipe.api import ContentError, Fault, Manifest
from statpipe.domain.manifest import manifest_fault
from statpipe.domain.self_hash import is_hashed
from statpipe_lake.store import ObjectStore
from statpipe_lake.turn import Turn

_SUFFIX = ".json"


@frozen
class Manifests:
    """
    The manifests of a store. ``turns`` holds what is known of each source whose lock is held.
    """

    objects: ObjectStore
    turns: Mapping[str, Turn] = field(factory=dict)

    def run_ids(self, source: str | None) -> list[tuple[str, str]]:
        """
        List the recorded runs as (source, run id), oldest first.
        """
        turn = self.turns.get(source or "")
        if turn is None:
            return self._listed(source)
        if turn.runs is None:
            turn.runs = self._listed(source)
        return list(turn.runs)

    def read(self, source: str, run_id: str) -> bytes:
        """
        Return a manifest, or its copy if it is missing or damaged. If both are damaged, return the
        damaged manifest.

        :raises ContentError: The manifest does not exist.
        """
        turn = self.turns.get(source)
        if turn is not None and turn.manifest is not None and turn.manifest[0] == run_id:
            return turn.manifest[1]
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
        Record a run. Everything put before survives a power failure once the run is visible.
        """
        path, copy = _places(manifest.source, manifest.run_id)
        body = manifest.as_json()
        for place in (path, copy):
            self.objects.settle()
            if not self.objects.put_if_absent(place, body) and self.objects.get(place) != body:
                msg = f"another run has already recorded {path}; run ids must be unique"
                raise RuntimeError(msg)
        self.objects.settle()
        turn = self.turns.get(manifest.source)
        if turn is not None and turn.runs is not None:
            turn.runs = sorted({*turn.runs, (manifest.source, manifest.run_id)}, key=_run_id)

    def faults(self, source: str, run_id: str) -> Sequence[Fault]:
        """
        Return what is wrong with a manifest and its copy.
        """
        places = _places(source, run_id)
        bodies = self.objects.side_by_side(self._found, places)
        whole = [body for body in bodies if isinstance(body, bytes)]
        reasons = {body: manifest_fault(body, source, run_id) for body in {*whole}}
        faults, missing = [], []
        for place, body in zip(places, bodies, strict=True):
            if body is None:
                missing.append(Fault(place, "is gone"))
            elif reason := reasons[body] if isinstance(body, bytes) else str(body):
                faults.append(Fault(place, f"is damaged: {reason}"))
        # Older versions wrote neither copies nor hashes.
        hashed = any(map(is_hashed, whole))
        expected = missing if hashed else [fault for fault in missing if fault.path == places[0]]
        found = [*faults, *expected]
        if not found and source in self.turns:
            self.turns[source].manifest = (run_id, whole[0])
        return found

    def restore(self, source: str, run_id: str) -> bool:
        """
        Set aside what is damaged, and put the manifest and its copy where one of them is whole.

        Return whether one of them was intact.
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
        if source in self.turns:
            self.turns[source].runs = None
        return whole

    def _listed(self, source: str | None) -> list[tuple[str, str]]:
        places = [f"{layer}/{source}" if source else layer for layer in ("runs", "copies")]
        runs = {
            (parts[1], parts[2].removesuffix(_SUFFIX))
            for paths in self.objects.side_by_side(self.objects.paths, places)
            for parts in (path.split("/") for path in paths)
            if len(parts) == 3 and parts[2].endswith(_SUFFIX)  # noqa: PLR2004
        }
        return sorted(runs, key=_run_id)

    def _found(self, path: str) -> bytes | ContentError | None:
        try:
            return self.objects.get(path)
        except ContentError as error:
            return error

    def _at(self, path: str) -> bytes | None:
        found = self._found(path)
        return found if isinstance(found, bytes) else None


def _run_id(run: tuple[str, str]) -> str:
    return run[1]


def _places(source: str, run_id: str) -> tuple[str, str]:
    return f"runs/{source}/{run_id}{_SUFFIX}", f"copies/{source}/{run_id}{_SUFFIX}"
