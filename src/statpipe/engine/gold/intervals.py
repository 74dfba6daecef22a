"""Changes as intervals: each figure with the time during which it stood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from statpipe.domain.difference import numbered
from statpipe.domain.history import (
    SET_WITH_THE_FIGURE,
    STATEMENT,
    history_schema,
    silver_of,
)
from statpipe.domain.observation import KEY

if TYPE_CHECKING:
    import pyarrow as pa

_SQL = """
    WITH steps AS (
        SELECT
            *,
            row_number() OVER () - 1 AS place,
            NOT dropped AND (
                lag(dropped) OVER own IS NOT FALSE
                OR obs_value IS DISTINCT FROM lag(obs_value) OVER own
                OR said <> lag(said) OVER own
            ) AS begins
        FROM changes
        WINDOW own AS (PARTITION BY cell ORDER BY realtime_start, sequence)
    )
    SELECT
        place,
        last_value(CASE WHEN begins THEN place END IGNORE NULLS) OVER so_far AS first_place,
        coalesce(CAST(lead(realtime_start) OVER own - 1 AS DATE), DATE '9999-12-31') AS realtime_end,
        count(*) FILTER (WHERE begins) OVER so_far = count(*) FILTER (WHERE begins) OVER whole AS is_last,
        min(since) OVER whole AS since
    FROM steps
    WINDOW
        own AS (PARTITION BY cell ORDER BY realtime_start, sequence),
        so_far AS (PARTITION BY cell ORDER BY realtime_start, sequence ROWS UNBOUNDED PRECEDING),
        whole AS (PARTITION BY cell)
    -- The last row of an interval describes it; the first one set the figure.
    QUALIFY NOT dropped AND coalesce(lead(begins OR dropped) OVER own, TRUE)
    ORDER BY place
"""


_OF = "number of the dataset"


def intervals(connection: Any, changes: Sequence[pa.Table]) -> pa.Table:
    """
    Join the changes of a dataset into a history: see :func:`statpipe.domain.history.history_schema`.

    A cell that a later vintage was asked for and does not hold was dropped: its interval ends. Figures
    that changed under an unchanged date leave an interval that ends before it begins: kept, and current
    on no day.
    """
    return joined(connection, changes).drop_columns(["is_last", "since"])


def joined(connection: Any, changes: Sequence[pa.Table]) -> pa.Table:
    """
    Return the intervals with two more columns: ``is_last`` marks the last one of its cell, and ``since``
    is the day on which there first was a figure in the cell.

    Changes that were folded bring ``since`` with them.
    """
    return joined_apart(connection, [changes])


def joined_apart(connection: Any, datasets: Sequence[Sequence[pa.Table]]) -> pa.Table:
    """
    Return the intervals of several datasets, one after the other, as :func:`joined` does for each.
    """
    import pyarrow as pa

    changes = [one for tables in datasets for one in tables]
    since = pa.chunked_array(
        [chunk for one in changes for chunk in _since(one).chunks], pa.date32()
    )
    less = [one.drop_columns(["since"]) if "since" in one.column_names else one for one in changes]
    table = pa.concat_tables(less, promote_options="default").unify_dictionaries()
    table = table.combine_chunks()
    numbers = [pa.repeat(n, sum(map(len, tables))) for n, tables in enumerate(datasets)]
    apart = table.append_column(_OF, pa.chunked_array(numbers))
    # Integers, and no more columns than are needed: to sort texts takes ten times as long.
    rows = pa.table(
        {
            "cell": numbered(apart, (_OF, *KEY)),
            "said": numbered(table, STATEMENT[1:]),
            **{
                name: table[name]
                for name in (STATEMENT[0], "realtime_start", "sequence", "dropped")
            },
            "since": since,
        }
    )
    connection.register("changes", rows)
    found = connection.sql(_SQL).to_arrow_table()
    connection.unregister("changes")
    # The row that set the figure, and the last one that repeated it, which describes it.
    set_by = table.select([*SET_WITH_THE_FIGURE, "realtime_start"]).take(found["first_place"])
    schema = history_schema(silver_of(table.schema))
    said = [n for n in schema.names if n not in {*set_by.column_names, "realtime_end"}]
    columns = dict(zip(said, table.select(said).take(found["place"]).columns, strict=True))
    columns |= dict(zip(set_by.column_names, set_by.columns, strict=True))
    columns["realtime_end"] = found["realtime_end"]
    made = pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
    return made.append_column("is_last", found["is_last"]).append_column("since", found["since"])


def _since(changes: pa.Table) -> pa.ChunkedArray:
    return changes["since" if "since" in changes.column_names else "realtime_start"]
