"""Files that contain a SHA-256 of themselves, so that any changed byte is noticed.

The hash is inside the file. It is computed over the whole file with 64 zeros in its place.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import attrs

BLANK: Final = "0" * 64
"""Placeholder for the hash until it is known."""

NAME: Final = "self_sha256"
"""The key of the hash in a JSON document."""

_IN_JSON = re.compile(rb'^ "self_sha256": "([0-9a-f]{64})"', re.MULTILINE)
"""A key of the outermost object, which is indented by one blank."""


def hashed_json(document: Mapping[str, Any]) -> bytes:
    """
    Return a document as JSON with its own hash as ``self_sha256``. Keys are sorted; each key and
    each list item is on its own line.
    """
    entries = sorted({**document, NAME: BLANK}.items())
    lines = ",\n".join(f" {_json(key)}: {_lines(value)}" for key, value in entries)
    text = f"{{\n{lines}\n}}"
    # Half a character, which a file name may contain, is \udcXX in JSON.
    body = text.encode(errors="backslashreplace")
    return filled_in(body, place_in_json(body))


def _lines(value: Any) -> str:
    # json's encoder with indentation is written in Python, and ten times slower.
    if not isinstance(value, list | tuple) or not value:
        return _json(value)
    return "[\n" + ",\n".join(f"  {_json(item)}" for item in value) + "\n ]"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """Convert values that JSON does not know: dates to text, our classes to objects."""
    return value.isoformat() if isinstance(value, date) else attrs.asdict(value, recurse=False)


def json_fault(body: bytes) -> str:
    """
    Return what is wrong with a document of :func:`hashed_json`, or an empty text if its hash is
    right.

    A document of an older version has no hash, so it only has to be a JSON object.
    """
    place = place_in_json(body)
    if place is not None:
        return "" if is_right(body, place) else "its bytes have changed"
    if not body:
        return "it is empty"
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "it is not valid JSON"
    if not isinstance(document, dict):
        return "it is not a JSON object"
    return "its bytes have changed" if NAME in document else ""


def is_hashed(body: bytes) -> bool:
    """
    Return whether a JSON document contains its own hash.
    """
    return place_in_json(body) is not None


def place_in_json(body: bytes) -> slice | None:
    """
    Find the hash in a JSON document.
    """
    found = _IN_JSON.search(body)
    return slice(*found.span(1)) if found else None


def filled_in(body: bytes, place: slice | None) -> bytes:
    """
    Put the hash of a file into its place, which holds :data:`BLANK`.
    """
    assert place is not None, "the file has a placeholder for its hash"
    return body[: place.start] + hashlib.sha256(body).hexdigest().encode() + body[place.stop :]


def is_right(body: bytes, place: slice) -> bool:
    """
    Return whether the hash at this place is that of the file.
    """
    whole = memoryview(body)
    digest = hashlib.sha256(whole[: place.start])
    digest.update(BLANK.encode())
    digest.update(whole[place.stop :])
    return digest.hexdigest().encode() == whole[place]
