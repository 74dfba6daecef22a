"""Changes as intervals: each figure with the dates during which it was current.

Changes are sorted by cell and time. Then each row looks at its neighbours::

    cell      realtime_start  figure     repeats the row before   begins   ends    realtime_end
    CA 2019   2020-10-08      100                                 yes      yes     2021-09-30
    CA 2019   2021-10-01      101                                 yes              (the next one ends it)
    CA 2019   2022-10-06      101        yes                               yes     2023-10-03
    CA 2019   2023-10-04      dropped
    NY 2019   2020-10-08      50                                  yes      yes     9999-12-31

A row that begins an interval gives its first day and its vintage; the row that ends it gives its last day and
the words that describe it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from statpipe.domain.canonical import canonical
from statpipe.domain.codes import one_array, repeats
from statpipe.domain.difference import numbered
from statpipe.domain.history import SET_WITH_THE_FIGURE, STATEMENT, history_schema, silver_of
from statpipe.domain.observation import KEY
from statpipe.domain.period import FOREVER

if TYPE_CHECKING:
    import pyarrow as pa

_IN_TIME = ("cell", "realtime_start", "sequence")
_OF = "number of the dataset"


def intervals(changes: Sequence[pa.Table]) -> pa.Table:
    """
    Join the changes of a dataset into a history: see :func:`statpipe.domain.history.history_schema`.

    A cell in a later vintage's selection but not in its table was dropped: its interval ends.
    Figures that changed under an unchanged date leave an empty interval: kept, but never current on
    any day.
    """
    return joined(changes).drop_columns(["is_last", "since"])


def joined(changes: Sequence[pa.Table]) -> pa.Table:
    """
    Return the intervals with two more columns: ``is_last`` marks the last one of its cell, and ``since``
    is the day on which there first was a figure in the cell.

    Changes that were folded bring ``since`` with them. Rows come in the order of the texts of their keys, and
    of time.
    """
    return joined_apart([changes])


def joined_apart(datasets: Sequence[Sequence[pa.Table]]) -> pa.Table:
    """
    Return the intervals of several datasets, one after the other, as :func:`joined` does for each.
    """
    import pyarrow as pa

    changes = [one for tables in datasets for one in tables]
    sinces = [one["since" if "since" in one.column_names else "realtime_start"] for one in changes]
    less = [one.drop_columns(["since"]) if "since" in one.column_names else one for one in changes]
    table = pa.concat_tables(less, promote_options="default").unify_dictionaries()
    table = table.combine_chunks()
    if not len(table):
        return _schema(table).empty_table()
    numbers = [pa.repeat(n, sum(map(len, tables))) for n, tables in enumerate(datasets)]
    keys = canonical(table.select(KEY)).append_column(_OF, pa.chunked_array(numbers))
    # Columns that say which changes make an interval, in order; others are taken when that is known.
    steps = table.select([*STATEMENT, "dropped", *_IN_TIME[1:]])
    steps = steps.append_column("cell", numbered(keys, (_OF, *KEY)))
    days = pa.chunked_array([chunk for one in sinces for chunk in one.chunks], pa.date32())
    order = _order(steps)
    found = _found(steps.append_column("since", days).take(order).combine_chunks())
    return _described(table, order, found)


def _order(steps: pa.Table) -> pa.Array:
    """Sort by cells and time. Changes come in the order of time, as a rule; then cells are sorted alone."""
    import pyarrow.compute as pc

    order = pc.array_sort_indices(one_array(steps["cell"]))  # it is stable
    cells, starts, places = (steps[name].take(order) for name in _IN_TIME)
    later = pc.or_(
        pc.greater(starts[1:], starts[:-1]),
        pc.and_(pc.equal(starts[1:], starts[:-1]), pc.greater_equal(places[1:], places[:-1])),
    )
    if pc.all(pc.or_(later, pc.not_equal(cells[1:], cells[:-1])), min_count=0).as_py():
        return order
    return pc.sort_indices(steps, sort_keys=[(name, "ascending") for name in _IN_TIME])


def _found(steps: pa.Table) -> pa.Table:
    """
    Find the intervals in sorted changes: the places of the first of its changes and of the last, its last day,
    whether it is the last of its cell, and since when there was a figure in that.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    cells, starts, dropped = (one_array(steps[n]) for n in ("cell", "realtime_start", "dropped"))
    stands = pc.invert(dropped)
    # Whether the change before is of the same cell; then, whether it is repeated.
    own = _lag(pc.equal(cells[1:], cells[:-1]))
    repeated = pc.and_(pc.and_(own, _lag(stands[:-1])), _lag(repeats(steps, STATEMENT)))
    begins = pc.and_(stands, pc.invert(repeated))
    ends = pc.and_(stands, pc.invert(_lead(pc.and_(stands, repeated))))

    places = pc.indices_nonzero(pa.repeat(True, len(steps))).cast(pa.int64())
    firsts, lasts = pc.invert(own), pc.invert(_lead(own))
    cell = pc.subtract(pc.cumulative_sum(firsts.cast(pa.int64())), 1)
    count = pc.cumulative_sum(begins.cast(pa.int64()))
    eve = pc.subtract(starts.cast(pa.int32()), pa.scalar(1, pa.int32())).cast(pa.date32())
    forever = pa.scalar(FOREVER, pa.date32())
    found = pa.table(
        {
            "place": places,
            "first_place": pc.cumulative_max(pc.if_else(begins, places, 0)),
            "realtime_end": pc.if_else(lasts, forever, _lead(eve)),
            "is_last": pc.equal(count, count.filter(lasts).take(cell)),
            "since": one_array(steps["since"]).filter(firsts).take(cell),
        }
    )
    return found.filter(ends)


def _lag(pairs: pa.Array) -> pa.Array:
    """Give each row what is known of it and the one before: of the first one, nothing."""
    import pyarrow as pa

    return pa.concat_arrays([pa.array([False]), pairs])


def _lead(rows: pa.Array) -> pa.Array:
    """Give each row what is known of the next one: of the last one, that it does not exist."""
    import pyarrow as pa

    missing = pa.array([False]) if pa.types.is_boolean(rows.type) else pa.nulls(1, rows.type)
    return pa.concat_arrays([rows[1:], missing])


def _described(table: pa.Table, order: pa.Array, found: pa.Table) -> pa.Table:
    """Give intervals the columns of the change that set the figure, and of the last one, which describes it."""
    import pyarrow as pa

    schema = _schema(table)
    set_by = table.select([*SET_WITH_THE_FIGURE, "realtime_start"])
    other = [n for n in schema.names if n not in {*set_by.column_names, *found.column_names}]
    columns = {name: found[name] for name in found.column_names}
    for part, place in ((set_by, "first_place"), (table.select(other), "place")):
        taken = part.take(order.take(one_array(found[place])))
        columns |= {name: taken[name] for name in part.column_names}
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _schema(changes: pa.Table) -> pa.Schema:
    import pyarrow as pa

    schema = history_schema(silver_of(changes.schema))
    return schema.append(pa.field("is_last", pa.bool_())).append(pa.field("since", pa.date32()))
