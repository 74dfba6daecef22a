"""Unpacks messages: zips, which services use for large messages, and gzip without a header that
says so.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from typing import IO

import attrs

from statpipe.api import ContentError, Payload

LARGEST = 1 << 30
"""Bytes of a message, packed or not."""

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_PIECE = 1 << 20


def unpacked(payload: Payload) -> Payload:
    """
    Return the one message in a zip or in gzip; any other payload as it is.

    A zip that names a larger size than the bound is not opened at all. Of any other, no more than the bound is unpacked:
    what a package says of sizes is not believed.

    :raises ContentError: It is damaged, does not contain exactly one file, or is too large.
    """
    packed = {_ZIP: "zip", _GZIP: "gzip"}
    kind = next((name for sign, name in packed.items() if payload.body.startswith(sign)), "")
    if not kind:
        return payload
    try:
        with _in_zip(payload) if kind == "zip" else _in_gzip(payload) as file:
            body = _read(file, payload)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        msg = f"payload {payload.name}: the {kind} cannot be read ({error}); expected one SDMX message in it"
        raise ContentError(msg, payload=payload) from None
    return attrs.evolve(payload, body=body)


def _in_zip(payload: Payload) -> IO[bytes]:
    archive = zipfile.ZipFile(io.BytesIO(payload.body))
    files = [one for one in archive.infolist() if not one.is_dir()]
    if len(files) != 1:
        raise ValueError(f"it contains {len(files)} files")
    if files[0].file_size > LARGEST:
        raise _too_large(payload)
    return archive.open(files[0])


def _in_gzip(payload: Payload) -> gzip.GzipFile:
    return gzip.open(io.BytesIO(payload.body))


def _read(file: IO[bytes] | gzip.GzipFile, payload: Payload) -> bytes:
    body = io.BytesIO()
    while piece := file.read(_PIECE):
        body.write(piece)
        if body.tell() > LARGEST:
            raise _too_large(payload)
    return body.getvalue()


def _too_large(payload: Payload) -> ContentError:
    msg = (
        f"payload {payload.name}: the message in the package has more than {LARGEST:,} bytes; "
        "narrow `key`, or set `start`"
    )
    return ContentError(msg, payload=payload)
