"""The fingerprints of a source's Silver files, remembered by the tags (ETags) in the bucket.

A listing gives the tag of each object, and different bytes have different tags. So a file with an
unchanged tag has its remembered fingerprint and is not read; all others are read. The memory is one
small object per source, ``prints/<source>.json``. It only saves requests: if it is missing or
damaged, all files are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from statpipe.api import ContentError
from statpipe.domain.self_hash import hashed_json, is_hashed, json_fault
from statpipe_lake.parquet import FOOTER, fingerprint_in
from statpipe_lake.store import ObjectStore

SILVER = re.compile(
    r"silver/(?P<source>[^/]+)/dataset=(?P<dataset>[^/]+)/vintage=(?P<vintage>[^/]+)/part-0\.parquet"
)
_FORM = 1
"""Increase it when the format of the object changes: older objects are then ignored."""

Known = dict[str, tuple[str, str]]
"""Tag and fingerprint by path."""


class Prints:
    """
    The fingerprints of the Silver files of a store.
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._kept: dict[str, Known] = {}
        self._known: dict[str, Known] = {}

    def of(self, source: str) -> dict[str, str | None]:
        """
        Return the fingerprint of each Silver file of a source by its path, or ``None`` for files
        that cannot be read.
        """
        there, self._kept[source] = self._listed_and_kept(source)
        kept = self._kept[source]
        known = {path: kept[path] for path, tag in there.items() if tag and _tag(kept, path) == tag}
        unknown = [path for path in there if path not in known]
        looks = self._objects.side_by_side(self.look, unknown)
        found = {path: look for path, look in zip(unknown, looks, strict=True) if look}
        self._known[source] = known | {path: look for path, look in found.items() if look[0]}
        return {path: (known.get(path) or found.get(path) or ("", None))[1] for path in there}

    def look(self, path: str) -> tuple[str, str] | None:
        """
        Read the tag and the fingerprint of a file. Return ``None`` if it does not exist or cannot
        be read.
        """
        try:
            found = self._objects.tagged_tail(path, FOOTER)
        except ContentError:
            return None
        fingerprint = fingerprint_in(found[0]) if found else None
        return (found[1], fingerprint) if found and fingerprint else None

    def note(self, path: str, tag: str, fingerprint: str) -> None:
        """
        Remember the tag and fingerprint of what was put at *path*.
        """
        match = SILVER.fullmatch(path)
        if match and tag:
            source = match["source"]
            if source not in self._known:
                self._known.setdefault(source, dict(self._read(source)))
            self._known[source][path] = (tag, fingerprint)

    def save(self, source: str) -> None:
        """
        Save the fingerprints of a source for the next run, if they changed. The caller holds its
        lock.
        """
        known = self._known.get(source, {})
        if known != self._kept.get(source, {}):
            files = [[path, *known[path]] for path in sorted(known)]
            self._objects.put(_place(source), hashed_json({"form": _FORM, "files": files}))
            self._kept[source] = dict(known)

    def _listed_and_kept(self, source: str) -> tuple[dict[str, str], Known]:
        if not self._objects.gives_tags:
            return self._listed(source), {}
        calls: tuple[Callable[[str], Any], ...] = (self._listed, self._read)
        listed, kept = self._objects.side_by_side(lambda call: call(source), calls)
        return listed, kept

    def _listed(self, source: str) -> dict[str, str]:
        listed = self._objects.listed(f"silver/{source}")
        return {path: tag for path, tag in listed.items() if SILVER.fullmatch(path)}

    def _read(self, source: str) -> Known:
        body = self._objects.get(_place(source)) or b""
        if not is_hashed(body) or json_fault(body):
            return {}
        document = json.loads(body)
        if document.get("form") != _FORM:
            return {}
        return {path: (tag, fingerprint) for path, tag, fingerprint in document["files"]}


def _place(source: str) -> str:
    return f"prints/{source}.json"


def _tag(known: Known, path: str) -> str:
    return known[path][0] if path in known else ""
