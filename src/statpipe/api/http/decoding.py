"""Decompresses answers, within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zlib import _Decompress

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_PIECE = 1 << 20


class TooLarge(Exception):
    """
    An answer exceeds the largest plausible size.
    """


class Undecodable(Exception):
    """
    The bytes are not in the encoding that the server names.
    """


def decoded(chunks: Iterable[bytes], encoding: str, *, largest: int) -> bytes:
    """
    Return the bytes of an answer with this Content-Encoding, *largest* at most before and after.

    Nested encodings are refused: they let a few bytes expand without limit, and nobody needs them.

    :raises TooLarge: The answer is larger.
    :raises Undecodable: The encoding was not requested, or the bytes are damaged or cut off.
    """
    names = [name for part in encoding.split(",") if (name := part.strip().lower())]
    names = [name for name in names if name != "identity"]
    if len(names) > 1 or not set(names) <= {"gzip", "x-gzip", "deflate"}:
        raise Undecodable(f"content-encoding {encoding!r} was not requested")
    arriving = _bounded(chunks, largest)
    pieces = _inflated(arriving, names[0]) if names else arriving
    return b"".join(_bounded(pieces, largest))


def _bounded(pieces: Iterable[bytes], largest: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > largest:
            raise TooLarge(f"more than {largest:,} bytes")
        yield piece


def _inflated(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    inflater: _Decompress | None = None
    members = 0
    for chunk in chunks:
        rest = chunk
        while rest:
            if inflater is None:
                if members and not rest.strip(b"\0"):
                    break  # padding behind the last member
                inflater, members = _inflater(name, rest), members + 1
            try:
                piece = inflater.decompress(rest, _PIECE)
            except zlib.error as error:
                raise Undecodable(f"the answer is not valid {name}: {error}") from None
            yield piece
            rest = inflater.unconsumed_tail
            if inflater.eof:
                # What follows is another member of the same file.
                rest, inflater = inflater.unused_data, None
    if inflater is None:
        return
    yield inflater.flush()
    if not inflater.eof:
        raise Undecodable(f"the answer ends in the middle of its {name}")


def _inflater(name: str, start: bytes) -> _Decompress:
    if name != "deflate":
        return zlib.decompressobj(_GZIP)
    # Some servers send deflate without the header that zlib wraps around it.
    wrapped = (
        len(start) > 1 and start[0] & 15 == zlib.DEFLATED and (start[0] << 8 | start[1]) % 31 == 0
    )
    return zlib.decompressobj(_ZLIB if wrapped or len(start) == 1 else _RAW)
