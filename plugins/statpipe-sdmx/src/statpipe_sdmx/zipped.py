"""A packed message: a zip, as services send large ones, or gzip of which no header told."""

from __future__ import annotations

import io
import zipfile
import zlib

import attrs

from statpipe.api import ContentError, Payload

LARGEST = 2 << 30
"""Bytes of a message, unpacked."""

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_WITH_GZIP_HEADER = 31
"""The ``wbits`` of zlib that stand for gzip."""


def unpacked(payload: Payload) -> Payload:
    """
    Return the one message in a zip or in gzip; any other payload as it is. What the package says of sizes is not believed:
    reading stops at the bound.

    :raises ContentError: It is damaged, or holds another number of files, or a larger one.
    """
    packed = {_ZIP: "zip", _GZIP: "gzip"}
    kind = next((name for sign, name in packed.items() if payload.body.startswith(sign)), "")
    if not kind:
        return payload
    try:
        body = _from_zip(payload) if kind == "zip" else _from_gzip(payload)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        raise _wrong(payload, kind, str(error)) from None
    if len(body) > LARGEST:
        raise _wrong(payload, kind, f"its file has more than {LARGEST:,} bytes")
    return attrs.evolve(payload, body=body)


def _from_zip(payload: Payload) -> bytes:
    with zipfile.ZipFile(io.BytesIO(payload.body)) as archive:
        files = [one for one in archive.infolist() if not one.is_dir()]
        if len(files) != 1:
            raise ValueError(f"it contains {len(files)} files")
        with archive.open(files[0]) as file:
            return file.read(LARGEST + 1)


def _from_gzip(payload: Payload) -> bytes:
    stream = zlib.decompressobj(_WITH_GZIP_HEADER)
    body = stream.decompress(payload.body, LARGEST + 1)
    if not stream.eof and len(body) <= LARGEST:
        raise EOFError("it ends too early")
    return body


def _wrong(payload: Payload, kind: str, why: str) -> ContentError:
    msg = f"payload {payload.name}: the {kind} cannot be read ({why}); expected one SDMX message in it"
    return ContentError(msg, payload=payload)
