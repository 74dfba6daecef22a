"""Changes as intervals: each figure with the time during which it stood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from statpipe.domain.difference import numbered
from statpipe.domain.history import (
    SET_WITH_THE_FIGURE,
    STATEMENT,
    history_schema,
    silver_of_changes,
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
        coalesce(CAST(lead(realtime_start) OVER own - 1 AS DATE), DATE '9999-12-31') AS realtime_end
    FROM steps
    WINDOW
        own AS (PARTITION BY cell ORDER BY realtime_start, sequence),
        so_far AS (PARTITION BY cell ORDER BY realtime_start, sequence ROWS UNBOUNDED PRECEDING)
    -- The last row of an interval describes it; the first one set the figure.
    QUALIFY NOT dropped AND coalesce(lead(begins OR dropped) OVER own, TRUE)
    ORDER BY place
"""


def intervals(connection: Any, changes: Sequence[pa.Table]) -> pa.Table:
    """
    Join the changes of a dataset into a history: see :func:`statpipe.domain.history.history_schema`.

    A cell that a later vintage was asked for and does not hold was dropped: its interval ends. Figures
    that changed under an unchanged date leave an interval that ends before it begins: kept, and current
    on no day.
    """
    import pyarrow as pa

    table = (
        pa.concat_tables(changes, promote_options="default").unify_dictionaries().combine_chunks()
    )
    # Integers, and no more columns than are needed: to sort texts takes ten times as long.
    rows = pa.table(
        {
            "cell": numbered(table, KEY),
            "said": numbered(table, STATEMENT[1:]),
            **{
                name: table[name]
                for name in (STATEMENT[0], "realtime_start", "sequence", "dropped")
            },
        }
    )
    connection.register("changes", rows)
    found = connection.sql(_SQL).to_arrow_table()
    connection.unregister("changes")
    # The row that set the figure, and the last one that repeated it, which describes it.
    set_by = table.select([*SET_WITH_THE_FIGURE, "realtime_start"]).take(found["first_place"])
    schema = history_schema(silver_of_changes(table.schema))
    said = [n for n in schema.names if n not in {*set_by.column_names, "realtime_end"}]
    columns = dict(zip(said, table.select(said).take(found["place"]).columns, strict=True))
    columns |= dict(zip(set_by.column_names, set_by.columns, strict=True))
    columns["realtime_end"] = found["realtime_end"]
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
