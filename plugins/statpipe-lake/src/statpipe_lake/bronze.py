"""A payload in the lake: compressed, with a separate note about the request."""

from __future__ import annotations

import hashlib
import json
from typing import cast

import attrs
from isal import igzip, igzip_lib

from statpipe.api import BronzeObject, ContentError
from statpipe.domain.self_hash import hashed_json, is_hashed, json_fault

_DAMAGED = (OSError, EOFError, cast("type[Exception]", igzip_lib.IsalError))
"""Exceptions of decompression, by kind of damage. isal's stubs declare the last one as an
instance."""

_NOTED = frozenset({"name", "sha256", "size", "media_type", "request", "retrieved"})
"""The fields of a note written by an older version."""


def packed(body: bytes) -> bytes:
    """
    Compress a payload with gzip. Equal payloads give equal bytes at any time.
    """
    return bytes(igzip.compress(body, compresslevel=1, mtime=0))


def unpacked(kept: BronzeObject, stored: bytes) -> bytes:
    """
    Decompress a payload and compare it with its SHA-256.

    :raises ContentError: It differs from the payload that was stored; the message gives the reason.
    """
    if not stored:
        raise ContentError("it is empty")
    try:
        body = bytes(igzip.decompress(stored))
    except _DAMAGED as error:
        raise ContentError(str(error) or type(error).__name__) from error
    if hashlib.sha256(body).hexdigest() != kept.sha256:
        raise ContentError("its SHA-256 differs from the recorded one")
    return body


def object_fault(kept: BronzeObject, stored: bytes) -> str:
    """
    Return why these bytes differ from the stored object, or an empty text.
    """
    try:
        body = unpacked(kept, stored)
    except ContentError as error:
        return str(error)
    # Readers of gzip ignore some bytes. Other versions of the library may compress differently.
    recorded = kept.stored_sha256
    if not recorded or hashlib.sha256(stored).hexdigest() == recorded or stored == packed(body):
        return ""
    return "its bytes have changed, but the payload in it is intact"


def note_path(key: str) -> str:
    """
    Return the path of an object's note.
    """
    return f"{key}.meta.json"


def note(kept: BronzeObject) -> bytes:
    """
    Return the note on the request and the payload.
    """
    noted = attrs.asdict(kept, recurse=False)
    if not kept.structure:
        del noted["structure"]  # as older versions wrote it
    return hashed_json(noted)


def note_fault(kept: BronzeObject, body: bytes) -> str:
    """
    Say why these bytes are not a note on the object; nothing if they are.

    Another run may have written the note: then it has the request and time of that run.
    """
    fault = json_fault(body)
    if fault:
        return fault
    document = json.loads(body)
    hashed = is_hashed(body)
    if not hashed and document.keys() != _NOTED:
        return "its bytes have changed"
    expected = {
        **({"key": kept.key} if hashed else {}),
        "name": kept.name,
        "sha256": kept.sha256,
        "size": kept.size,
        "media_type": kept.media_type,
    }
    differing = [name for name, value in expected.items() if document.get(name) != value]
    return f"its {differing[0]} belongs to another object" if differing else ""
