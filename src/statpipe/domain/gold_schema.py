"""The Arrow schema that a Gold model declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.domain.model import Model
from statpipe.domain.printed import exact_type

if TYPE_CHECKING:
    import pyarrow as pa


def gold_schema(model: Model) -> pa.Schema:
    """
    Return the Arrow schema that a model declares, with descriptions and units.
    """
    import pyarrow as pa

    types = {
        "text": pa.dictionary(pa.int32(), pa.string()),
        "integer": pa.int64(),
        "small": pa.int8(),
        "decimal": exact_type(),
        "double": pa.float64(),
        "date": pa.date32(),
    }
    return pa.schema(
        pa.field(
            column.name,
            types[column.type],
            column.nullable,
            {
                key: text
                for key, text in (("description", column.description), ("unit", column.unit))
                if text
            },
        )
        for column in model.columns
    )
