"""Every vintage of a source as one history: each figure with the time during which it stood.

The words are ALFRED's. ``realtime_start`` is the date on which the agency released a figure,
``realtime_end`` the last day on which it was the latest one, 9999-12-31 while it still is. They are
the agency's dates, never our clock, so the history does not depend on the order in which vintages
arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from statpipe.domain.canonical import canonical
from statpipe.domain.codes import key_codes, repeats
from statpipe.domain.observation import KEY, silver_schema
from statpipe.domain.period import FOREVER
from statpipe.domain.selection import EVERYTHING
from statpipe.domain.vintage import Vintage

if TYPE_CHECKING:
    import pyarrow as pa

STATEMENT = ("obs_value", "unit_measure", "unit_mult", "obs_status", "source_symbol", "notes")
"""What an agency says about a cell. Where any of it changes, another interval begins."""

SET_WITH_THE_FIGURE = ("vintage", "decimals")
"""The release that set a figure, and the places that it printed: later ones may print 1.5 as 1.50."""


@frozen(kw_only=True)
class Published:
    """
    A vintage of a dataset in Silver. Its vintage's selection says which cells it speaks about.
    """

    vintage: Vintage
    table: pa.Table = field(repr=False)


def history(published: Sequence[Published]) -> pa.Table:
    """
    Join the vintages of one dataset into intervals.

    Returns Silver's columns with ``realtime_start`` and ``realtime_end``, both inclusive. ``vintage``
    is the release that set the figure, ``decimals`` are the places that it printed; what else describes the cell is from the last one that
    repeated it. A cell that a later vintage was asked for and does not hold was dropped: its interval
    ends. A cell that it was not asked for goes on. Figures that changed under an unchanged date leave
    an interval that ends before it begins: kept, and current on no day.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    ordered = sorted(published, key=lambda p: (p.vintage.released, p.vintage.sequence))
    table, ranks = _by_cell_and_vintage(ordered)
    if not len(table):
        return history_schema(_key(table)[len(KEY) :]).empty_table()
    cells = key_codes(table, _key(table))
    follows = _or_last(pc.equal(cells[1:], cells[:-1]))
    next_rank = pc.if_else(follows, _shifted(ranks), len(ordered))
    # The vintage that next speaks about the cell: it confirms the figure, replaces or drops it.
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
    for name in SET_WITH_THE_FIGURE:
        place = result.schema.get_field_index(name)
        result = result.set_column(place, result.schema.field(place), table[name].filter(starts))
    result = _with_day(result, "realtime_start", days.take(ranks.filter(starts)))
    result = _with_day(result, "realtime_end", last_days.take(spoken.filter(ends)))
    return canonical(result)


def standing(intervals: pa.Table) -> pa.Table:
    """
    Return the figures of a history that still stand, as Silver.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    still = pc.equal(intervals["realtime_end"], pa.array([FOREVER], pa.date32())[0])
    return canonical(intervals.filter(still).drop([name for name, _ in _DAYS]))


def history_schema(dimensions: tuple[str, ...] = ()) -> pa.Schema:
    """
    Return the Arrow schema of a history.
    """
    schema = silver_schema(dimensions)
    for name, _ in _DAYS:
        schema = schema.append(_day_field(name))
    return schema


_DAYS = (
    ("realtime_start", "First day on which the figure was the latest: its release"),
    ("realtime_end", "Last day on which it was the latest; 9999-12-31 while it is"),
)


def _day_field(name: str) -> pa.Field:
    import pyarrow as pa

    return pa.field(name, pa.date32(), nullable=False, metadata={"description": dict(_DAYS)[name]})


def _with_day(table: pa.Table, name: str, days: Any) -> pa.Table:
    return table.append_column(_day_field(name), days)


def _key(table: pa.Table) -> tuple[str, ...]:
    known = set(silver_schema().names)
    return (*KEY, *(name for name in table.column_names if name not in known))


def _by_cell_and_vintage(ordered: Sequence[Published]) -> tuple[pa.Table, pa.Array]:
    """Give all rows sorted by cell, then by vintage, and each row's place among the vintages."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.concat_tables([p.table for p in ordered]).unify_dictionaries().combine_chunks()
    ranks = pa.concat_arrays([pa.repeat(place, len(p.table)) for place, p in enumerate(ordered)])
    ranks = ranks.cast(pa.int64())
    if len(ordered) > 1:
        cells = key_codes(table, _key(table))
        order = pc.sort_indices(pc.add(pc.multiply(cells, len(ordered)), ranks))
        table, ranks = table.take(order).combine_chunks(), ranks.take(order)
    return table, ranks


def _next_covering(ordered: Sequence[Published], table: pa.Table, ranks: pa.Array) -> pa.Array:
    """Give, for each row, the next vintage whose selection holds its cell."""
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
    """Give each row its successor's rank; the last row any."""
    import pyarrow as pa

    return pa.concat_arrays([ranks[1:], ranks[:1]])


def _or_last(marks: Any) -> pa.Array:
    """Mark the last row as having no successor."""
    import pyarrow as pa

    return pa.concat_arrays([marks, pa.array([False])])


def _one(column: Any) -> pa.Array:
    import pyarrow as pa

    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
