"""From bytes to text: one rule for BEA's answers, CSV files and pages of footnotes.

BEA writes UTF-8. BEA's own client reads Latin-1, which is commonly decoded as Windows-1252, so
bytes that are not UTF-8 are read as that. UTF-16 is recognized by its first bytes. No byte is ever
replaced by U+FFFD.
"""

from __future__ import annotations

import codecs
import re

from statpipe.api import ContentError, Payload

_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LETTER_OF_UTF_8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
"""A non-ASCII letter in UTF-8. In a file with such letters, an invalid byte is damage, not
Windows-1252."""


def text_of(payload: Payload) -> str:
    """
    Return a payload's text, without a byte order mark.

    :raises ContentError: A byte cannot be decoded; the message gives its place.
    """
    body = payload.body
    encoding, start = _encoding(body)
    try:
        return str(memoryview(body)[start:], encoding)
    except UnicodeDecodeError as error:
        place = start + error.start
    if start or _LETTER_OF_UTF_8.search(body):
        raise _undecodable(payload, place)
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _undecodable(payload, error.start) from None


def byte_of(payload: Payload, text: str, place: int) -> int:
    """
    Return the position in bytes for a position in the *text* of a payload.
    """
    encoding, start = _encoding(payload.body)
    if len(text) == len(payload.body):
        return place  # one byte per letter
    return start + len(text[:place].encode(encoding))


def _encoding(body: bytes) -> tuple[str, int]:
    """Return the encoding that the first bytes declare, and their number."""
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8", len(codecs.BOM_UTF8)
    encoding = _UTF_16.get(body[:2])
    return (encoding, 2) if encoding else ("utf-8", 0)


def _undecodable(payload: Payload, place: int) -> ContentError:
    found = payload.body[place : place + 4].hex(" ")
    return ContentError(
        f"payload {payload.name}, byte {place}: not valid UTF-8 or Windows-1252 (bytes {found}); "
        "expected BEA's text in UTF-8",
        payload=payload,
    )
