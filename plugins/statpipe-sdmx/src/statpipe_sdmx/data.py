"""Reads data messages in any format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from statpipe.api import ContentError, Payload
from statpipe_sdmx.csv_data import read_csv
from statpipe_sdmx.json_data import read_json
from statpipe_sdmx.ml_data import read_ml
from statpipe_sdmx.zipped import unpacked

if TYPE_CHECKING:
    import pyarrow as pa

CHARSET = "charset"
"""What a data payload's request says of its encoding, where the service named one."""

_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_data(payload: Payload) -> pa.Table:
    """
    Return the observations of a message as columns of text. The format is recognized by the
    content, because media types from services are not reliable.

    :raises ContentError: It is not a data message, or it reports an error.
    """
    try:
        plain = unpacked(payload)
        return _read(_in_utf_8(plain), is_whole=plain is not payload)
    except ContentError as error:
        error.payload = payload  # Bronze keeps the original payload, not the unpacked one
        raise


def _read(payload: Payload, *, is_whole: bool) -> pa.Table:
    start = payload.body[:1024].removeprefix(_MARK).lstrip()
    if not start:
        msg = f"payload {payload.name} is empty; expected an SDMX message with data"
        raise ContentError(msg, payload=payload)
    if start.startswith(b"{"):
        return read_json(payload)
    if start.startswith(b"<") or start[:2] in _UTF_16:
        return read_ml(payload)
    return read_csv(payload, is_whole=is_whole)


def _in_utf_8(payload: Payload) -> Payload:
    """Return a message in another encoding in UTF-8. XML says itself what it is in."""
    body = payload.body
    is_16 = body[:2] in _UTF_16
    charset = "utf-16" if is_16 else payload.request.get(CHARSET, "")
    if not charset or (not is_16 and (_names_its_own(body) or _is_utf_8(body))):
        return payload
    try:
        text = body.decode(charset)
    except (UnicodeDecodeError, LookupError) as error:
        msg = f"payload {payload.name}: not in {charset.upper()}, as it says ({error}); it may be incomplete: run again"
        raise ContentError(msg, payload=payload) from None
    if is_16 and text.lstrip().startswith("<"):
        return payload
    return attrs.evolve(payload, body=text.encode())


def _names_its_own(body: bytes) -> bool:
    head = body[:1024].removeprefix(_MARK).lstrip().partition(b"?>")[0]
    return head.startswith(b"<?xml") and b"encoding" in head


def _is_utf_8(body: bytes) -> bool:
    """Services name encodings that they do not send."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
