"""Rows in the order of their grain, so that equal tables are equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from statpipe.domain.canonical import canonical
from statpipe.domain.codes import codes_or_values, repeats

if TYPE_CHECKING:
    import pyarrow as pa


def repetitions(table: pa.Table, grain: Sequence[str]) -> int:
    """
    Return how many rows of a canonical table, sorted by its grain, repeat that of another.
    """
    import pyarrow.compute as pc

    return pc.sum(repeats(table, grain)).as_py() or 0 if len(table) > 1 else 0


def put_together(tables: Sequence[pa.Table], grain: Sequence[str]) -> pa.Table:
    """
    Return the rows of several tables as one in canonical form, in the order of their grain.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = canonical(pa.concat_tables(tables).unify_dictionaries())
    # A canonical table's dictionaries are sorted, so that codes sort as their texts do.
    keys = pa.table({name: codes_or_values(table[name]) for name in grain})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in grain])
    return table.take(order).combine_chunks()
