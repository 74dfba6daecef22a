"""What an agency sent, packed or not."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterable


def parts(bodies: Iterable[bytes]) -> set[bytes]:
    """
    Return bodies as they were sent, and what was packed inside.
    """
    found = set(bodies)
    for body in list(found):
        if body[:2] == b"\x1f\x8b":
            found.add(gzip.decompress(body))
        elif body[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(body)) as members:
                found |= {members.read(name) for name in members.namelist()}
    return found
