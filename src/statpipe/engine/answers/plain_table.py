"""A model's table in the form for analysts' tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.api import Model

if TYPE_CHECKING:
    import pyarrow as pa


def plain_table(table: pa.Table, model: Model) -> pa.Table:
    """
    Return the table with texts in place of codes, and with the model's name, title and grain.
    """
    import pyarrow as pa

    plain = pa.schema(
        # Analysts' tools would make factors and categories of coded texts.
        one.with_type(one.type.value_type) if pa.types.is_dictionary(one.type) else one
        for one in table.schema
    )
    about = {"title": model.title, "grain": ",".join(model.grain), "model": model.name}
    return table.cast(plain.with_metadata(about))
