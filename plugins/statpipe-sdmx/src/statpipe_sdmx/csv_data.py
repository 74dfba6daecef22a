"""SDMX-CSV, 1.0 and 2.0, as columns of text."""

from __future__ import annotations

import csv
import io
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
_SEPARATORS = ",;\t"


def read_csv(payload: Payload) -> pa.Table:
    """
    Return the observations of a message: a column of text for each dimension, attribute and measure.

    With ``labels=both``, names and codes come with their labels: ``CURRENCY: Currency``, ``USD: US dollar``. They are left
    as they are: only a structure tells a code with a label from a text with a colon.

    :raises ContentError: It is not CSV with a header of SDMX.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    header, separator = _header(payload)
    code = pa.dictionary(pa.int32(), pa.string())
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(payload.body),
            read_options=arrow_csv.ReadOptions(column_names=header, skip_rows=1),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, code), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise _wrong(payload, str(error).splitlines()[0]) from None
    return table.rename_columns(
        [_TECHNICAL.get(name, name) for name in header]
    ).unify_dictionaries()


def _header(payload: Payload) -> tuple[list[str], str]:
    start = payload.body[: 1 << 16].decode("utf-8-sig", "replace").split("\n", 1)[0].rstrip("\r")
    separator = max(_SEPARATORS, key=start.count)
    header = next(csv.reader([start], delimiter=separator), [])
    first = header[0].partition("[")[0] if header else ""
    if first not in {"DATAFLOW", "STRUCTURE", "KEY"}:
        raise _wrong(payload, f"the first column is {first[:40]!r}")
    header[0] = first
    ids = [name.partition(": ")[0] for name in header]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise _wrong(payload, f"the column {twice!r} occurs twice")
    return header, separator


def _wrong(payload: Payload, why: str) -> ContentError:
    msg = (
        f"payload {payload.name}: {why}; expected SDMX-CSV with figures, whose first column is DATAFLOW "
        "or STRUCTURE"
    )
    return ContentError(msg, payload=payload)
