"""What turns one table into another: rows that came, rows that changed, rows that went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.domain.codes import one_array, repeats

if TYPE_CHECKING:
    import pyarrow as pa

_MOST = 1 << 62


@frozen(kw_only=True)
class Difference:
    """
    ``added`` and ``changed`` are rows of the new table, ``removed`` and ``replaced`` of the old one:
    each replaced row stands where the one that it became stands in ``changed``.
    """

    added: pa.Table = field(repr=False)
    changed: pa.Table = field(repr=False)
    replaced: pa.Table = field(repr=False)
    removed: pa.Table = field(repr=False)


def difference(old: pa.Table, new: pa.Table, key: Sequence[str]) -> Difference:
    """
    Compare two tables of one schema, in which no key stands twice and none is null.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.concat_tables([old, new]).unify_dictionaries().combine_chunks()
    if not len(table):
        return Difference(added=table, changed=table, replaced=table, removed=table)
    is_new = pa.concat_arrays([pa.repeat(0, len(old)), pa.repeat(1, len(new))]).cast(pa.int64())
    keys = numbered(table, key)
    order = pc.sort_indices(pc.add(pc.multiply(keys, 2), is_new))
    table, keys, is_new = table.take(order).combine_chunks(), keys.take(order), is_new.take(order)

    paired = pc.equal(keys[1:], keys[:-1])  # an old row and, after it, the new one
    first, second = pa.concat_arrays([paired, _no()]), pa.concat_arrays([_no(), paired])
    differs = pc.invert(repeats(table, table.column_names))
    changed = pc.and_(paired, differs)
    return Difference(
        added=table.filter(pc.and_(pc.equal(is_new, 1), pc.invert(second))),
        changed=table.filter(pa.concat_arrays([_no(), changed])),
        replaced=table.filter(pa.concat_arrays([changed, _no()])),
        removed=table.filter(pc.and_(pc.equal(is_new, 0), pc.invert(first))),
    )


def _no() -> pa.Array:
    import pyarrow as pa

    return pa.array([False])


def numbered(table: pa.Table, columns: Sequence[str]) -> pa.Array:
    """
    Give rows that are equal in these columns one number, and others different numbers; nulls are equal.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pa.repeat(0, len(table)).cast(pa.int64())
    so_far = 1
    for name in columns:
        codes, size = _codes(table[name])
        if so_far * size >= _MOST:
            numbers = numbers.dictionary_encode().indices.cast(pa.int64())
            so_far = len(table)
        numbers, so_far = pc.add(pc.multiply(numbers, size), codes), so_far * size
    return numbers


def _codes(column: pa.ChunkedArray) -> tuple[pa.Array, int]:
    """Give equal values one code each, nulls too, and say how many codes there may be."""
    import pyarrow as pa

    array = one_array(column)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    size = len(array.dictionary)
    return array.indices.fill_null(size).cast(pa.int64()), size + 1
