"""SDMX-CSV, 1.0 and 2.0, as columns of text."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from statpipe.api import ContentError, Payload

if TYPE_CHECKING:
    import pyarrow as pa

OF_THE_MESSAGE = (
    "DATAFLOW",
    "STRUCTURE",
    "STRUCTURE_ID",
    "ACTION",
    "SERIES_KEY",
    "KEY",
    "STRUCTURE_NAME",
    "LAST UPDATE",
)
"""Columns of the message, and not of the data; Eurostat adds the last two, and the ECB has had ``KEY``."""

_DELETES = "D"
_SEPARATORS = ",;\t"


def read_csv(payload: Payload) -> pa.Table:
    """
    Return the observations of a message: a column of text for each dimension, attribute and measure.

    Of ``CURRENCY: Currency`` and ``USD: US dollar``, as sent with ``labels=both``, the codes are kept.

    :raises ContentError: It is not CSV with a header of SDMX, or it deletes.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    header, separator = _header(payload)
    labelled = any(": " in name for name in header)
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
    _refuse_deletion(payload, table, header)
    ids = [name.partition(": ")[0] for name in header]
    if labelled:
        table = pa.table(
            [_codes(table[name]) if ": " in name else table[name] for name in header], ids
        )
    return table.rename_columns(ids).unify_dictionaries()


def _header(payload: Payload) -> tuple[list[str], str]:
    start = payload.body[: 1 << 16].decode("utf-8-sig", "replace").split("\n", 1)[0].rstrip("\r")
    separator = max(_SEPARATORS, key=start.count)
    header = next(csv.reader([start], delimiter=separator), [])
    first = header[0].partition("[")[0] if header else ""
    if first not in {"DATAFLOW", "STRUCTURE", "KEY"}:
        raise _wrong(payload, f"the first column is {first[:40]!r}")
    header[0] = first
    ids = [name.partition(": ")[0] for name in header]
    if "OBS_VALUE" not in ids:
        raise _wrong(payload, "there is no column OBS_VALUE")
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise _wrong(payload, f"the column {twice!r} stands twice")
    return header, separator


def _codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Keep the code of ``code: name``."""
    import pyarrow as pa

    def of(chunk: pa.DictionaryArray) -> pa.DictionaryArray:
        texts = [text.partition(": ")[0] for text in chunk.dictionary.to_pylist()]
        return pa.array(texts, pa.string()).take(chunk.indices).dictionary_encode()

    return pa.chunked_array([of(chunk) for chunk in column.chunks], column.type)


def _refuse_deletion(payload: Payload, table: pa.Table, header: list[str]) -> None:
    if "ACTION" not in header:
        return
    actions = {text for chunk in table["ACTION"].chunks for text in chunk.dictionary.to_pylist()}
    if _DELETES in {action.partition(": ")[0] for action in actions}:
        raise _wrong(payload, "it deletes observations")


def _wrong(payload: Payload, why: str) -> ContentError:
    msg = (
        f"payload {payload.name}: {why}; expected SDMX-CSV with figures, whose first column is DATAFLOW "
        "or STRUCTURE"
    )
    return ContentError(msg, payload=payload)
