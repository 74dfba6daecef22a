"""SDMX-CSV, 1.0 and 2.0, as columns of text."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from statpipe.api import ContentError, Payload
from statpipe_sdmx.actions import ACTION
from statpipe_sdmx.history import FROM, TO

if TYPE_CHECKING:
    import pyarrow as pa

OF_THE_MESSAGE = (
    "DATAFLOW",
    "STRUCTURE",
    "STRUCTURE_ID",
    "SERIES_KEY",
    "OBS_KEY",
    "KEY",
    "STRUCTURE_NAME",
    "LAST UPDATE",
)
"""Columns of the message, not of the data; Eurostat adds the last two, and the ECB used ``KEY``."""

_TECHNICAL = {
    "ACTION": ACTION,
    "VALID_FROM": FROM,
    "validFrom": FROM,
    "VALID_TO": TO,
    "validTo": TO,
}
_FLOWS = frozenset(["DATAFLOW", "STRUCTURE", "KEY"])
"""Columns that only SDMX-CSV has: one of them says which flow it is."""

_SPELLED = {name.upper(): name for name in (*OF_THE_MESSAGE, *_TECHNICAL)}
_OTHERS = (b"{", b"<", b"PK\x03\x04", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")
"""How JSON, XML, packages and UTF-16 begin."""

_SEPARATORS = ",;\t"


def read_csv(payload: Payload, *, is_whole: bool = False) -> pa.Table:
    """
    Return the observations of a message: a column of text for each dimension, attribute and measure. *is_whole* says
    that the message is known to be complete.

    With ``labels=both``, names and codes have labels: ``CURRENCY: Currency``, ``USD: US dollar``.
    They are not changed here, because only a structure shows whether a text with a colon is a code
    with a label.

    :raises ContentError: It is not CSV with a header of SDMX, or it is cut off.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if not is_whole and (cut := cut_off(payload)) is not None:
        raise cut
    body = payload.body.lstrip(b"\r\n")
    header, separator = _header(payload, body)
    code = pa.dictionary(pa.int32(), pa.string())
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(body),
            read_options=arrow_csv.ReadOptions(column_names=header, skip_rows=1),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, code), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise _not_utf_8(payload) or _wrong(payload, str(error).splitlines()[0]) from None
    return table.rename_columns(
        [_TECHNICAL.get(name, name) for name in header]
    ).unify_dictionaries()


def cut_off(payload: Payload) -> ContentError | None:
    """
    Return what to raise for a CSV whose last line has no end: its last figure may be shorter than it was printed.

    Any other message says by itself where it ends, and so do packages.
    """
    head = payload.body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().upper()
    is_csv = any(name.encode() in head for name in _FLOWS) and not head.startswith(_OTHERS)
    if not is_csv or payload.body.endswith((b"\n", b"\r")):
        return None
    msg = f"payload {payload.name}: the CSV ends in the middle of a line; it may be incomplete: run again"
    return ContentError(msg, payload=payload)


def _header(payload: Payload, body: bytes) -> tuple[list[str], str]:
    start = re.split(r"[\r\n]", body[: 1 << 16].decode("utf-8-sig", "replace"), maxsplit=1)[0]
    separator = max(_SEPARATORS, key=start.count)
    header = [name.strip() for name in next(csv.reader([start], delimiter=separator), [])]
    first = [name.partition("[")[0] for name in header]
    if _FLOWS.isdisjoint(first) and not _FLOWS.isdisjoint(name.upper() for name in first):
        # Services that write all names in lower case do so with those of the message, too.
        header = [_SPELLED.get(name.upper(), name) for name in header]
    if _FLOWS.isdisjoint(name.partition("[")[0] for name in header):
        raise _wrong(payload, f"the first column is {first[0][:40] if first else ''!r}")
    header = [name.partition("[")[0] if name.startswith("STRUCTURE[") else name for name in header]
    ids = [name.partition(": ")[0] for name in header]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise _wrong(payload, f"the column {twice!r} occurs twice")
    return header, separator


def _not_utf_8(payload: Payload) -> ContentError | None:
    try:
        payload.body.decode()
    except UnicodeDecodeError as error:
        line = payload.body.count(b"\n", 0, error.start) + 1
        msg = (
            f"payload {payload.name}, line {line}: not in UTF-8 ({error.reason}), and the service "
            "names no other encoding; run again, or report it to the service"
        )
        return ContentError(msg, payload=payload)
    return None


def _wrong(payload: Payload, why: str) -> ContentError:
    msg = (
        f"payload {payload.name}: {why}; expected SDMX-CSV with figures, with a column DATAFLOW "
        "or STRUCTURE"
    )
    return ContentError(msg, payload=payload)
