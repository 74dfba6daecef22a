"""The bodies that an agency sent, compressed or not."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import suppress

_GZIP = 31


def parts(bodies: Iterable[bytes]) -> set[bytes]:
    """
    Return bodies as they were sent, and their decompressed content.
    """
    found = set(bodies)
    for body in list(found):
        if body[:2] == b"\x1f\x8b":
            with suppress(zlib.error):  # what is behind it, or cut off, is not packed
                found.add(zlib.decompressobj(_GZIP).decompress(body))
        elif body[:4] == b"PK\x03\x04":
            with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(body)) as members:
                found |= {members.read(name) for name in members.namelist()}
    return found
