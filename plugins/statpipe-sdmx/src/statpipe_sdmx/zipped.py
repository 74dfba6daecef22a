"""A message in a zip, as services send large ones."""

from __future__ import annotations

import io
import zipfile
import zlib

import attrs

from statpipe.api import ContentError, Payload

LARGEST = 2 << 30
"""Bytes of a message, unpacked."""


def unzipped(payload: Payload) -> Payload:
    """
    Return the one message in a zip. What the zip says of sizes is not believed: reading stops at the bound.

    :raises ContentError: It is damaged, or holds another number of files, or a larger one.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(payload.body)) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            if len(files) != 1:
                raise _wrong(payload, f"it holds {len(files)} files")
            with archive.open(files[0]) as file:
                body = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        raise _wrong(payload, str(error)) from None
    if len(body) > LARGEST:
        raise _wrong(payload, f"its file has more than {LARGEST:,} bytes")
    return attrs.evolve(payload, body=body)


def _wrong(payload: Payload, why: str) -> ContentError:
    msg = f"payload {payload.name}: the zip cannot be read ({why}); expected one SDMX message in it"
    return ContentError(msg, payload=payload)
