"""What stands of a dataset: the last interval of each cell, and those that its last year began or ended.

The changes of all years before the last one are folded into what still matters of them: a row for the
last interval of each cell, and one more where the cell was dropped. The lake keeps that, so that a new
vintage needs no more than this and the changes of its own year.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from statpipe.api import ContentError, Held, Lake, Partition, PartitionKey, Receipt
from statpipe.domain.canonical import canonical, content_hash
from statpipe.domain.codes import one_array
from statpipe.domain.difference import numbered
from statpipe.domain.history import changes_schema, day_after, silver_of
from statpipe.domain.in_order import in_order
from statpipe.domain.observation import KEY
from statpipe.domain.period import FOREVER
from statpipe.engine.gold.changes import Keep, Year, by_dataset, changes_in, years_of
from statpipe.engine.gold.intervals import joined, joined_apart

if TYPE_CHECKING:
    import pyarrow as pa

_TOGETHER = 100_000
"""Rows of small datasets whose changes are joined at once: each question takes as long as thousands of rows."""

_VERSION = "1"
"""Raise it when the same changes are folded differently."""


@frozen(kw_only=True)
class Standing:
    """
    What stands of a source.

    ``table`` is a history with one more column, ``since``: when there first was a figure in the cell.
    ``prints`` has a fingerprint for each year with a release, over all that was released until its end.
    """

    table: pa.Table = field(repr=False)
    prints: dict[int, str]
    _is_moved: pa.Array | None = field(default=None, repr=False)

    @property
    def history(self) -> pa.Table:
        """
        The intervals as a history.
        """
        return self.table.drop_columns(["since"])

    @property
    def moved(self) -> pa.Table:
        """
        The intervals, as a history, of just the cells in which the last year began or ended one.
        """
        return self.history.filter(self.is_moved)

    def slim(self, columns: Collection[str]) -> Standing:
        """
        Return what is left of it where nobody reads the intervals any more: cells, days, and some columns.
        """
        kept = {*KEY, "dataset", "realtime_start", "realtime_end", "since", *columns}
        names = [name for name in self.table.column_names if name in kept]
        moved = self.is_moved if self.moves_little else None
        return attrs.evolve(self, table=self.table.select(names), is_moved=moved)

    @cached_property
    def moves_little(self) -> bool:
        """
        Whether these are less than half of all.
        """
        half = len(self.table) / 2
        return bool(self._is_touched.true_count < half and self.is_moved.true_count < half)

    @cached_property
    def is_moved(self) -> pa.Array:
        """
        Whether a row is one of those, row by row.
        """
        import pyarrow.compute as pc

        if self._is_moved is not None:
            return self._is_moved
        cells = numbered(self.table, (*KEY, "dataset"))
        return pc.is_in(cells, value_set=cells.filter(self._is_touched))

    @cached_property
    def _is_touched(self) -> pa.Array:
        """Whether the last year began or ended a row."""
        import pyarrow as pa
        import pyarrow.compute as pc

        days = (self.table["realtime_start"], day_after(self.table["realtime_end"]))
        last = pa.scalar(max(self.prints), pa.int64())
        began, ended = (pc.fill_null(pc.equal(pc.year(day), last), False) for day in days)
        return one_array(pc.or_(began, ended))


def prints_of(years: Sequence[Year]) -> dict[int, str]:
    """
    Return a fingerprint for each year, over all changes until its end.
    """
    prints, so_far = {}, _VERSION
    for year in years:
        so_far = hashlib.sha256(repr((so_far, year.fingerprint)).encode()).hexdigest()
        prints[year.key.year or 0] = so_far
    return prints


def folded_key(year: PartitionKey) -> PartitionKey:
    """
    Return the place of the changes of all years before the last one, beside those of a year.
    """
    return attrs.evolve(year, year=None)


def folded_print(years: Sequence[Year]) -> str:
    """
    Return the fingerprint of what is kept at :func:`folded_key`, of two years or more.
    """
    return [*prints_of(years).values()][-2]


@frozen(kw_only=True)
class _Told:
    """
    The changes out of which follows what stands of a dataset, and what was kept of them.
    """

    changes: tuple[pa.Table, ...] = field(repr=False)
    prints: dict[int, str]
    kept: list[Receipt]


def _told(lake: Lake, source: str, held: Iterable[Held], *, keep: bool) -> _Told:
    """
    Give the changes of a dataset; what the lake lacks for the next time is kept there, if asked.

    :raises ContentError: A required Silver partition is missing or damaged.
    """
    years, kept = years_of(source, held), list[Receipt]()
    into = kept.append if keep else None
    changes = partial(changes_in, lake, source, keep=into)
    folded = [_folded(lake, years[:-1], changes, into)] if years[1:] else []
    return _Told(changes=(*folded, *changes(years[-1:])), prints=prints_of(years), kept=kept)


def _folded(
    lake: Lake,
    years: Sequence[Year],
    changes: Callable[[Sequence[Year]], list[pa.Table]],
    keep: Keep | None,
) -> pa.Table:
    """Give the changes of these years in short, as the lake has them, or out of what it has."""
    key, prints = folded_key(years[0].key), [*prints_of(years).values()]
    there, known = lake.fingerprint(key), 0
    tables: list[pa.Table] = []
    if there in prints:
        with contextlib.suppress(ContentError):  # damaged: it is rebuilt
            tables.append(lake.read(key))
            known = prints.index(there) + 1
    if known == len(years):
        return tables[0]
    table = canonical(folded(joined([*tables, *changes(years[known:])])))
    if keep is not None:
        keep(lake.write(Partition(key=key, table=table, fingerprint=prints[-1])))
    return table


def folded(intervals: pa.Table) -> pa.Table:
    """
    Turn intervals into the fewest changes out of which later ones make the same: the last interval of each
    cell as one change, and another where the cell was dropped.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    last = intervals.filter(intervals["is_last"]).drop_columns(["is_last"])
    ended = last.filter(pc.less(last["realtime_end"], FOREVER))
    place = ended.schema.get_field_index("realtime_start")
    ended = ended.set_column(place, ended.schema.field(place), day_after(ended["realtime_end"]))
    return pa.concat_tables([_as_changes(last, dropped=False), _as_changes(ended, dropped=True)])


def _as_changes(table: pa.Table, *, dropped: bool) -> pa.Table:
    import pyarrow as pa

    columns = {name: table[name] for name in table.column_names}
    # On the day on which a cell was dropped, it may have begun.
    columns["sequence"] = pa.repeat(pa.scalar(int(dropped), pa.int32()), len(table))
    columns["dropped"] = pa.repeat(dropped, len(table))
    schema = changes_schema(silver_of(table.drop_columns(["since"]).schema))
    schema = schema.append(table.schema.field("since"))
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def source_standing(
    lake: Lake, source: str, held: Iterable[Held], reader: str, keep: Keep | None = None
) -> Standing:
    """
    Return what stands of all datasets of a source that the lake holds.

    :raises ContentError: The lake holds nothing of it.
    """

    def told(vintages: Sequence[Held]) -> _Told:
        return _told(lake, source, vintages, keep=keep is not None)

    found, tables = list[_Told](), []
    for group in _groups(by_dataset(source, held, reader).values()):
        with ThreadPoolExecutor(min(len(group), lake.at_once)) as threads:
            together = list(threads.map(told, group))
        for receipt in (one for each in together for one in each.kept):
            if keep is not None:
                keep(receipt)
        tables.append(joined_apart([one.changes for one in together]))
        found += [attrs.evolve(one, changes=()) for one in together]
    years = sorted({year for one in found for year in one.prints})
    return Standing(
        table=_as_one(tables, sort=len(found) > 1),
        prints={year: repr([one.prints.get(year) for one in found]) for year in years},
    )


def _as_one(tables: list[pa.Table], *, sort: bool) -> pa.Table:
    """Put the tables of all datasets together. Each copy takes the place of the one before: they are large."""
    import pyarrow as pa

    table = pa.concat_tables(tables, promote_options="default").drop_columns(["is_last"])
    tables.clear()
    table = table.unify_dictionaries()
    if sort:  # in the order of most models, which need not be sorted then
        table = canonical(table)
        table = in_order(table, (*KEY, "dataset", "realtime_start"))
    return table


def _groups(datasets: Iterable[Sequence[Held]]) -> Iterator[list[Sequence[Held]]]:
    """Put small datasets together: they wait for the lake at the same time, and are joined at once."""
    group, rows = list[Sequence[Held]](), 0
    for vintages in datasets:
        own = sum(one.rows for one in vintages)
        if group and rows + own > _TOGETHER:
            yield group
            group, rows = [], 0
        group.append(vintages)
        rows += own
    yield group


def prints_by_year(table: pa.Table, key: Sequence[str], of: Standing) -> dict[int, str]:
    """
    Hash, for each year, the rows of a table of which something was known by its end.

    A row is of the cells that share its *key*. If there are none such, it was always known.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    first: dict[tuple[Any, ...], int] = {}
    if set(key) <= set(of.table.column_names):
        cells = of.table.select([*key, "since"]).group_by(list(key)).aggregate([("since", "min")])
        years = pc.year(cells["since_min"]).to_pylist()
        keys = zip(*(cells[name].to_pylist() for name in key), strict=True)
        first = dict(zip(keys, years, strict=True))
    rows = zip(*(table[name].to_pylist() for name in key), strict=True)
    known = pa.array([first.get(row, 0) for row in rows], pa.int64())
    prints: dict[int, str] = {}
    hashes: dict[int, str] = {}
    for year in of.prints:
        now = table.filter(pc.less_equal(known, year))
        # As many rows as in an earlier year are the same rows.
        if len(now) not in hashes:
            hashes[len(now)] = content_hash(canonical(now))
        prints[year] = hashes[len(now)]
    return prints
