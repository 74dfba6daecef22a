"""Arrow tables as the CSV that COPY reads, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from statpipe.api import Column, Model
from statpipe.domain.codes import one_array
from statpipe.domain.printed import texts_of

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_A_BATCH = 50_000


def csv_batches(table: pa.Table, model: Model) -> Iterator[Any]:
    """
    Yield buffers of CSV: the model's columns in its order, no header.

    A null is an empty field, and an empty text is a quoted empty field: so COPY distinguishes them.
    A decimal has the printed number of decimal places, because PostgreSQL keeps and shows them. If
    that is unknown, it has no trailing zeros.
    """
    import pyarrow as pa
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    for start in range(0, len(table), _ROWS_A_BATCH):
        part = table.slice(start, _ROWS_A_BATCH)
        columns = [_plain(part, column) for column in model.columns]
        sink = pa.BufferOutputStream()
        csv.write_csv(pa.table(columns, [c.name for c in model.columns]), sink, options)
        yield sink.getvalue()


def _plain(part: pa.Table, column: Column) -> Any:
    import pyarrow as pa

    values = one_array(part[column.name])
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if column.type == "decimal":
        printed = column.places in part.column_names
        return texts_of(values, one_array(part[column.places]) if printed else None)
    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "small": pa.int8(),
        "double": pa.float64(),
        "date": pa.date32(),
    }
    return values.cast(types[column.type])
