"""Arrow tables as the CSV that COPY reads, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from statpipe.api import Column, Model

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_A_BATCH = 50_000


def csv_batches(table: pa.Table, model: Model) -> Iterator[Any]:
    """
    Yield buffers of CSV: the model's columns in its order, no header.

    A null is an empty field and an empty text a quoted one, which is how COPY tells them apart. A
    decimal has no trailing zeros, because PostgreSQL would keep and show them.
    """
    import pyarrow as pa
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    for start in range(0, len(table), _ROWS_A_BATCH):
        part = table.slice(start, _ROWS_A_BATCH)
        columns = [_plain(part[column.name], column) for column in model.columns]
        sink = pa.BufferOutputStream()
        csv.write_csv(pa.table(columns, [c.name for c in model.columns]), sink, options)
        yield sink.getvalue()


def _plain(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if column.type == "decimal":
        return _shortest(values)
    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "double": pa.float64(),
        "date": pa.date32(),
    }
    return values.cast(types[column.type])


def _shortest(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """
    Write decimals without trailing zeros: 1852976.3, not 1852976.30000000.

    Arrow writes very small ones as 1.50E-7 and a zero as 0E-8, with zeros of another meaning.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = values.cast(pa.string())
    if not pa.types.is_decimal(values.type) or values.type.scale <= 0:
        return texts
    scientific = pc.match_substring(texts, "E")
    trimmed = pc.utf8_rtrim(pc.utf8_rtrim(texts, "0"), ".")
    if not pc.any(scientific).as_py():
        return trimmed
    small = pc.replace_substring_regex(texts, r"(\.[0-9]*?)0*E", r"\1E")
    small = pc.replace_substring_regex(small, r"\.E", "E")
    small = pc.replace_substring_regex(small, r"^-?0E.*$", "0")
    return pc.if_else(scientific, small, trimmed)
