"""Rows in the order of their grain, so that equal tables are equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from statpipe.domain.canonical import canonical
from statpipe.domain.codes import codes_or_values, repeats

if TYPE_CHECKING:
    import pyarrow as pa


def in_order(table: pa.Table, grain: Sequence[str]) -> tuple[pa.Table, int]:
    """
    Return a table in canonical form, sorted by its grain, and how many rows repeat that of another.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = canonical(table)
    # A canonical table's dictionaries are sorted, so that codes sort as their texts do.
    keys = pa.table({name: codes_or_values(table[name]) for name in grain})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in grain])
    keys = keys.take(order).combine_chunks()
    repeated = pc.sum(repeats(keys, grain)).as_py() if len(keys) > 1 else 0
    return table.take(order).combine_chunks(), repeated or 0


def put_together(tables: Sequence[pa.Table], grain: Sequence[str]) -> pa.Table:
    """
    Return the rows of several tables as one, in the order of their grain.
    """
    import pyarrow as pa

    return in_order(pa.concat_tables(tables).unify_dictionaries(), grain)[0]
