"""Data messages in whatever format they come."""

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

_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_data(payload: Payload) -> pa.Table:
    """
    Return the observations of a message as columns of text. The content tells the format: services name
    media types as they like, or none.

    :raises ContentError: It is no data message, or it tells of an error.
    """
    try:
        return _read(_in_utf_8(unpacked(payload)))
    except ContentError as error:
        error.payload = payload  # Bronze keeps what came, not what was unpacked from it
        raise


def _read(payload: Payload) -> pa.Table:
    start = payload.body[:1024].removeprefix(_MARK).lstrip()
    if not start:
        msg = f"payload {payload.name} is empty; expected an SDMX message with data"
        raise ContentError(msg, payload=payload)
    if start.startswith(b"{"):
        return read_json(payload)
    if start.startswith(b"<") or start[:2] in _UTF_16:
        return read_ml(payload)
    return read_csv(payload)


def _in_utf_8(payload: Payload) -> Payload:
    """Give CSV and JSON that is in UTF-16 in UTF-8; XML says itself what it is in."""
    if payload.body[:2] not in _UTF_16:
        return payload
    try:
        text = payload.body.decode("utf-16")
    except UnicodeDecodeError as error:
        msg = f"payload {payload.name}: not in UTF-16, as its first bytes say ({error}); it may be incomplete: run again"
        raise ContentError(msg, payload=payload) from None
    if text.lstrip().startswith("<"):
        return payload
    return attrs.evolve(payload, body=text.encode())
