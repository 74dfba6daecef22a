"""Rows of a Gold table with their figures as the agency printed them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from statpipe.api import Model
from statpipe.domain.printed import as_printed

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 10_000


def printed_rows(table: pa.Table, model: Model) -> Iterator[dict[str, Any]]:
    """
    Yield the rows of a model's table. Decimals have their printed places, or else the fewest.
    """
    # A lake written by another version may lack a column until the next run.
    places = {name: by for name, by in model.places.items() if by in table.column_names}
    for batch in table.to_batches(max_chunksize=_ROWS_AT_ONCE):
        for row in batch.to_pylist():
            yield {
                name: as_printed(value, row[places[name]] if name in places else None)
                if isinstance(value, Decimal)
                else value
                for name, value in row.items()
            }
