"""Rows in the order of their grain, so that equal tables are equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from statpipe.domain.canonical import canonical
from statpipe.domain.codes import codes_or_values, repeats

if TYPE_CHECKING:
    import pyarrow as pa

_LARGEST = 1 << 62


def repetitions(table: pa.Table, grain: Sequence[str]) -> int:
    """
    Return how many rows of a canonical table, sorted by its grain, repeat that of another.
    """
    import pyarrow.compute as pc

    return pc.sum(repeats(table, grain)).as_py() or 0 if len(table) > 1 else 0


def in_order(table: pa.Table, grain: Sequence[str]) -> pa.Table:
    """
    Put the rows of a canonical table in the order of their grain, nulls last.
    """
    import pyarrow.compute as pc

    # The dictionaries of a canonical table are sorted, so codes sort like their texts.
    keys = [codes_or_values(table[name]) for name in grain]
    number = _in_one_number(keys)
    if number is None:
        order = pc.sort_indices(*_by_columns(keys))
    elif pc.all(pc.less_equal(number[:-1], number[1:]), min_count=0).as_py():
        return table
    else:
        order = pc.sort_indices(number)
    return table.take(order).combine_chunks()


def _in_one_number(keys: Sequence[pa.Array]) -> pa.Array | None:
    """
    Return a number per row that sorts like its keys, which takes a tenth of the time, or ``None``
    if the numbers would be too large.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    number, size = None, 1
    for key in keys:
        if key.null_count or not (pa.types.is_integer(key.type) or pa.types.is_date32(key.type)):
            return None
        whole = key.cast(pa.int32()) if pa.types.is_date32(key.type) else key
        least, most = (one or 0 for one in pc.min_max(whole).as_py().values())
        size *= most - least + 1
        if size > _LARGEST:
            return None
        place = pc.subtract(whole.cast(pa.int64()), least)
        number = place if number is None else pc.add(pc.multiply(number, most - least + 1), place)
    return number


def _by_columns(keys: Sequence[pa.Array]) -> tuple[pa.Table, list[tuple[str, str]]]:
    import pyarrow as pa

    names = [str(place) for place in range(len(keys))]
    return pa.table(list(keys), names), [(name, "ascending") for name in names]


def put_together(tables: Sequence[pa.Table], grain: Sequence[str]) -> pa.Table:
    """
    Return the rows of several tables as one in canonical form, in the order of their grain.
    """
    import pyarrow as pa

    return in_order(canonical(pa.concat_tables(tables).unify_dictionaries()), grain)
