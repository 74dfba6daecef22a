"""The news in each vintage, and the form of a history of figures.

One cell, and four releases of it::

    released      2020-10-08     2021-10-01     2022-10-06     2023-10-04
    printed       100            101            101            (gone)
    changes       100            101            none           dropped
    history       |---- 100 ----||----------- 101 -----------|
                  realtime_start 2020-10-08     2021-10-01
                  realtime_end   2021-09-30     2023-10-03

Only the changes of a release are stored, so its size depends on how much it changes. The intervals
follow from the changes of all releases.

The words are ALFRED's. ``realtime_start`` is the date on which the agency released a figure,
``realtime_end`` the last day on which it was current, 9999-12-31 if it still is. They are the
agency's dates, so the history does not depend on the order in which vintages arrived. Only for
vintages without a date are they the days on which these were first seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.domain.canonical import canonical
from statpipe.domain.codes import constant, nothing
from statpipe.domain.difference import difference
from statpipe.domain.observation import KEY, silver_schema
from statpipe.domain.period import FOREVER
from statpipe.domain.seal import with_vintage
from statpipe.domain.vintage import Vintage

if TYPE_CHECKING:
    import pyarrow as pa

STATEMENT = ("obs_value", "unit_measure", "unit_mult", "obs_status", "source_symbol", "notes")
"""What an agency says about a cell. A change in any of these begins a new interval."""

SET_WITH_THE_FIGURE = ("vintage", "basis", "seen_before", "decimals")
"""The release that set a figure, who dates it, and the printed decimal places: later releases may
print 1.5 as 1.50."""


@frozen(kw_only=True)
class Published:
    """
    A vintage of a dataset in Silver. The vintage's selection says which cells it covers.
    """

    vintage: Vintage
    table: pa.Table = field(repr=False)


def believed(published: Sequence[Published]) -> pa.Table:
    """
    Return the figures known after these vintages, oldest first, as Silver.

    If a later vintage lacks a requested cell, the cell was dropped. If the cell was not requested,
    it stays as it was.
    """
    return reduce(_succeeded, published[1:], published[0].table)


def _succeeded(before: pa.Table, published: Published) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = before.filter(pc.invert(published.vintage.selection.holds(before)))
    if not len(kept):
        return published.table
    kept, table = alike(kept, published.table)
    kept = difference(kept, table, KEY).removed
    return canonical(pa.concat_tables([kept, table]).unify_dictionaries())


def changes(published: Published, before: pa.Table | None) -> pa.Table:
    """
    Return what a vintage changes in the figures known *before* it: see :func:`changes_schema`.

    Cells that are equal in every column are left out. Cells in the vintage's selection but not in
    its table are ``dropped``; their other columns have the last known values.
    """
    import pyarrow as pa

    vintage, table = published.vintage, published.table
    if before is None:
        return _dated(table, vintage, dropped=False)
    asked = with_vintage(vintage.selection.rows_of(before), vintage.id)
    found = difference(*alike(asked, table), KEY)
    news = pa.concat_tables([found.added, found.changed])
    return pa.concat_tables(
        [_dated(news, vintage, dropped=False), _dated(found.removed, vintage, dropped=True)]
    )


def alike(one: pa.Table, other: pa.Table) -> tuple[pa.Table, pa.Table]:
    """
    Return two tables with the same columns, even if a dataset's dimensions changed in between.
    """
    import pyarrow as pa

    schema = pa.unify_schemas([one.schema, other.schema], promote_options="default")
    return tuple(_in_schema(table, schema) for table in (one, other))


def _in_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if table.schema.names == schema.names:
        return table
    columns = [
        table[field.name] if field.name in table.column_names else nothing(len(table))
        for field in schema
    ]
    return type(table).from_arrays(columns, schema=schema)


def history_schema(silver: pa.Schema | None = None) -> pa.Schema:
    """
    Return the Arrow schema of a history: Silver's columns and the days of each interval, inclusive.

    ``vintage`` is the release that set the figure, and ``decimals`` the decimal places that it
    printed. Descriptions of the cell are from the last release that repeated it.
    """
    import pyarrow as pa

    schema = silver or silver_schema()
    for name, description in (*_DATED.items(), *_DAYS.items()):
        kind = pa.dictionary(pa.int32(), pa.string()) if name == "basis" else pa.date32()
        schema = schema.append(
            pa.field(name, kind, name == "seen_before", {"description": description})
        )
    return schema


def changes_schema(silver: pa.Schema | None = None) -> pa.Schema:
    """
    Return the Arrow schema of changes: Silver's columns, the vintage's date and position, and a
    mark for dropped cells.
    """
    import pyarrow as pa

    schema = silver or silver_schema()
    for name, kind in _MARKS.items():
        made = pa.dictionary(pa.int32(), pa.string()) if kind == "code" else getattr(pa, kind)()
        schema = schema.append(pa.field(name, made, name == "seen_before"))
    return schema


def silver_of(schema: pa.Schema) -> pa.Schema:
    """
    Return the Silver schema of a table of changes, or of a history.
    """
    import pyarrow as pa

    return pa.schema([field for field in schema if field.name not in {*_MARKS, *_DAYS}])


def day_after(days: pa.ChunkedArray) -> pa.ChunkedArray:
    """
    Return the day after each day, or null for the last day of the calendar.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    last = pc.equal(days, pa.scalar(FOREVER, pa.date32()))
    numbers = pc.if_else(last, None, days).cast(pa.int32())
    return pc.add(numbers, pa.scalar(1, pa.int32())).cast(pa.date32())


_MARKS = {
    "realtime_start": "date32",
    "sequence": "int32",
    "basis": "code",
    "seen_before": "date32",
    "dropped": "bool_",
}
"""The columns of changes that describe their vintage."""

_DATED = {
    "basis": (
        "Origin of the release date: agency, service (the agency's server), or observed (the "
        "day it was first seen)"
    ),
    "seen_before": "For an observed release: the last day on which it was not yet available",
}

_DAYS = {
    "realtime_start": "First day on which the figure was current: its release date",
    "realtime_end": "Last day on which the figure was current; 9999-12-31 if it still is",
}


def _dated(table: pa.Table, vintage: Vintage, *, dropped: bool) -> pa.Table:
    import pyarrow as pa

    schema = changes_schema(table.schema)
    dated = (vintage.released, vintage.sequence, vintage.basis, vintage.seen_before, dropped)
    marks = [
        constant(str(value), len(table))
        if pa.types.is_dictionary(field.type)
        else pa.repeat(pa.scalar(value, field.type), len(table))
        for value, field in zip(dated, list(schema)[-len(dated) :], strict=True)
    ]
    return pa.Table.from_arrays(
        [*(table[name] for name in table.column_names), *marks], schema=schema
    )
