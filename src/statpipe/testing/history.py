"""Computes a history from all its vintages at once. Tests compare the engine's incremental history
with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from statpipe.domain.canonical import canonical
from statpipe.domain.codes import repeats
from statpipe.domain.history import (
    STATEMENT,
    Published,
    history_schema,
)
from statpipe.domain.key_order import key_codes
from statpipe.domain.observation import KEY
from statpipe.domain.period import FOREVER
from statpipe.domain.selection import EVERYTHING

if TYPE_CHECKING:
    import pyarrow as pa


def history(published: Sequence[Published]) -> pa.Table:
    """
    Join the vintages of one dataset into intervals.

    Returns Silver's columns with ``realtime_start`` and ``realtime_end``, both inclusive.
    ``vintage`` is the release that set the figure, and ``decimals`` are the decimal places that it
    printed. Descriptions of the cell are from the last release that repeated it. A cell in a later
    vintage's selection but not in its table was dropped: its interval ends. A cell outside the
    selection continues. Figures that changed under an unchanged date leave an empty interval: kept,
    but never current on any day.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    ordered = sorted(published, key=lambda p: (p.vintage.released, p.vintage.sequence))
    table, ranks = _by_cell_and_vintage(ordered)
    if not len(table):
        return history_schema(table.schema).empty_table()
    cells = key_codes(table, KEY)
    follows = _or_last(pc.equal(cells[1:], cells[:-1]))
    next_rank = pc.if_else(follows, _shifted(ranks), len(ordered))
    # The next vintage that covers the cell: it confirms, replaces or drops the figure.
    spoken = pc.min_element_wise(_next_covering(ordered, table, ranks), next_rank)
    confirmed = pc.and_(
        pc.and_(follows, pc.equal(spoken, next_rank)),
        _or_last(repeats(table, STATEMENT)),
    )
    ends = pc.invert(confirmed)
    starts = pa.concat_arrays([pa.array([True])[: len(table)], ends[:-1]])
    days = pa.array([p.vintage.released for p in ordered], pa.date32())
    last_days = pc.subtract(days.cast(pa.int32()), pa.array([1], pa.int32())[0]).cast(pa.date32())
    last_days = pa.concat_arrays([last_days, pa.array([FOREVER], pa.date32())])

    result = table.filter(ends)
    for name in ("vintage", "decimals"):
        place = result.schema.get_field_index(name)
        result = result.set_column(place, result.schema.field(place), table[name].filter(starts))
    starting, ending = days.take(ranks.filter(starts)), last_days.take(spoken.filter(ends))
    schema = history_schema(table.schema)
    setters = ranks.filter(starts)
    bases = pa.array([p.vintage.basis for p in ordered], pa.string()).take(setters)
    before = pa.array([p.vintage.seen_before for p in ordered], pa.date32()).take(setters)
    columns = [*result.columns, bases.dictionary_encode(), before, starting, ending]
    return canonical(pa.Table.from_arrays(columns, schema=schema))


def _by_cell_and_vintage(ordered: Sequence[Published]) -> tuple[pa.Table, pa.Array]:
    """Return all rows sorted by cell and vintage, and the rank of each row's vintage."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = (
        pa.concat_tables([p.table for p in ordered], promote_options="default")
        .unify_dictionaries()
        .combine_chunks()
    )
    ranks = pa.concat_arrays([pa.repeat(place, len(p.table)) for place, p in enumerate(ordered)])
    ranks = ranks.cast(pa.int64())
    if len(ordered) > 1:
        cells = key_codes(table, KEY)
        order = pc.sort_indices(pc.add(pc.multiply(cells, len(ordered)), ranks))
        table, ranks = table.take(order).combine_chunks(), ranks.take(order)
    return table, ranks


def _next_covering(ordered: Sequence[Published], table: pa.Table, ranks: pa.Array) -> pa.Array:
    """Return for each row the next vintage whose selection includes its cell."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.repeat(len(ordered), len(table)).cast(pa.int64())
    for place in range(len(ordered) - 1, 0, -1):
        later = pc.less(ranks, place)
        selection = ordered[place].vintage.selection
        if selection != EVERYTHING:
            later = pc.and_(later, _one(selection.holds(table)))
        found = pc.if_else(later, place, found)
    return found


def _shifted(ranks: pa.Array) -> pa.Array:
    """Return for each row the rank of its successor. That of the last row is arbitrary."""
    import pyarrow as pa

    return pa.concat_arrays([ranks[1:], ranks[:1]])


def _or_last(marks: Any) -> pa.Array:
    """Mark the last row as having no successor."""
    import pyarrow as pa

    return pa.concat_arrays([marks, pa.array([False])])


def _one(column: Any) -> pa.Array:
    import pyarrow as pa

    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
