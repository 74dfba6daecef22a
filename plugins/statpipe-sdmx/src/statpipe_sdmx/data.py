"""Data messages in whatever format they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.api import ContentError, Payload
from statpipe_sdmx.csv_data import read_csv
from statpipe_sdmx.json_data import read_json
from statpipe_sdmx.ml_data import read_ml
from statpipe_sdmx.zipped import unzipped

if TYPE_CHECKING:
    import pyarrow as pa

_MARK = b"\xef\xbb\xbf"


def read_data(payload: Payload) -> pa.Table:
    """
    Return the observations of a message as columns of text. The content tells the format: services name
    media types as they like, or none.

    :raises ContentError: It is no data message, or it tells of an error.
    """
    if payload.body.startswith(b"PK\x03\x04"):
        payload = unzipped(payload)
    start = payload.body[:1024].removeprefix(_MARK).lstrip()
    if not start:
        msg = f"payload {payload.name} is empty; expected an SDMX message with data"
        raise ContentError(msg, payload=payload)
    if start.startswith(b"{"):
        return read_json(payload)
    if start.startswith(b"<") or start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return read_ml(payload)
    return read_csv(payload)
