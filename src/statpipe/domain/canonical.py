"""One canonical form for equal tables, and hashes of their contents."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from statpipe.domain.codes import codes_or_values, encoded, in_text_order, looked_up, one_array
from statpipe.domain.observation import CELL, KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

FIGURES = (*KEY, "obs_value", "obs_status", "source_symbol")
"""A change in these columns makes a new vintage; corrections of names and hierarchies do not."""

_HASHED = (*CELL, "obs_value", "obs_status", "source_symbol")


def canonical(table: pa.Table) -> pa.Table:
    """
    Return the table in one chunk, each dictionary holding just its used values, in text order.
    """
    import pyarrow as pa

    columns = [canonical_column(column) for column in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)


def canonical_column(column: pa.ChunkedArray) -> pa.Array:
    """
    Return a column of :func:`canonical`.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return _canonical_codes(encoded(column))
    return one_array(column)


def content_hash(table: pa.Table, columns: Sequence[str] | None = None) -> str:
    """
    Hash the values of a canonical table; independent of files, chunks and library versions.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    digest = hashlib.sha256()
    for name in columns or table.column_names:
        array = one_array(table[name])
        digest.update(f"{name}:{array.type}:{len(array)};".encode())
        if pa.types.is_dictionary(array.type):
            digest.update(json.dumps(array.dictionary.to_pylist()).encode())
            array = array.indices
        digest.update(_bytes_of(pc.is_valid(array).cast(pa.int8())))
        if array.null_count:
            # The value in the slot of a null is undefined, so blank it before hashing.
            zero = pa.array([0], pa.int32() if pa.types.is_date32(array.type) else pa.int64())
            array = array.fill_null(zero.cast(array.type)[0])
        digest.update(_bytes_of(array))
    return digest.hexdigest()


def meaning_hash(table: pa.Table) -> str:
    """
    Hash the values of a table by their meaning: a run of white space in a text counts as one blank,
    and the number of printed decimal places does not matter.
    """
    import pyarrow as pa

    columns = []
    table = table.drop_columns([name for name in ("decimals",) if name in table.column_names])
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            codes = encoded(column)
            texts = codes.dictionary.to_pylist()
            columns.append(looked_up(codes, [" ".join(text.split()) for text in texts]))
        else:
            columns.append(column)
    return content_hash(canonical(pa.Table.from_arrays(columns, schema=table.schema)))


def figures_hash(table: pa.Table) -> str:
    """
    Hash only what the agency published: keys, figures, statuses and symbols.

    Figures count as numbers: their printed decimal places do not matter. If they fit, they are
    hashed in the type of older versions, because hashes are compared with those that older versions
    recorded.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    place = table.schema.get_field_index("obs_value")
    with suppress(pa.ArrowInvalid):
        values = table["obs_value"].cast(pa.decimal128(28, 8))
        table = table.set_column(place, "obs_value", values)
    several = pc.count_distinct(codes_or_values(table["freq"])).as_py() > 1
    return content_hash(table, FIGURES if several else _HASHED)


def _canonical_codes(codes: pa.DictionaryArray) -> pa.DictionaryArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    used = pc.unique(codes.indices.drop_null())
    texts = in_text_order(codes.dictionary.take(used))
    if texts.equals(codes.dictionary):
        return codes
    mapping = pc.index_in(codes.dictionary, value_set=texts)
    if not len(mapping):
        mapping = pa.nulls(1, pa.int32())
    return pa.DictionaryArray.from_arrays(mapping.take(codes.indices), texts)


def _bytes_of(array: Any) -> memoryview:
    width = array.type.bit_width // 8
    data = array.buffers()[1]
    if data is None or not len(array):
        return memoryview(b"")
    return memoryview(data)[array.offset * width : (array.offset + len(array)) * width]
