"""What each vintage of a dataset changed, kept in the lake in one table per year of releases.

The changes of a vintage follow from it and from the vintages before it, back to the last one with
at least the same selection. So a new vintage is compared with one other, and one that arrives out
of order only rebuilds its own changes and those of its successors. A table's fingerprint says what
it was made from: changes of unchanged vintages are reused, all others are rebuilt from Silver.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from attrs import frozen

from statpipe.api import ContentError, Held, Lake, Layer, Partition, PartitionKey, Receipt
from statpipe.domain.history import Published, believed, changes
from statpipe.engine.record.state import silver_of_lake

if TYPE_CHECKING:
    import pyarrow as pa

Keep = Callable[[Receipt], None]
"""Called with what was written by the holder of Gold's lock, who keeps the changes."""

_VERSION = "4"
"""Raise it when the same Silver yields different changes."""


@frozen(kw_only=True)
class Step:
    """
    A vintage, and the earlier ones that set the figures known before it, oldest first.
    """

    held: Held
    before: tuple[Held, ...]

    def after(self, fingerprint: str) -> str:
        """
        Return the fingerprint of a table that holds this step's changes after others.
        """
        read = [
            (repr(h.vintage.dates), repr(h.selection), h.fingerprint)
            for h in (*self.before, self.held)
        ]
        return hashlib.sha256(repr((_VERSION, fingerprint, read)).encode()).hexdigest()


def steps_of(held: Iterable[Held]) -> list[Step]:
    """
    Put the vintages of a dataset in order, each with its neighbours.
    """
    steps: list[Step] = []
    ordered = sorted(held, key=lambda one: (one.released, one.sequence))
    for place, one in enumerate(ordered):
        first = next(
            (n for n in range(place - 1, -1, -1) if ordered[n].selection.covers(one.selection)), 0
        )
        steps.append(Step(held=one, before=tuple(ordered[first:place])))
    return steps


@frozen(kw_only=True)
class Year:
    """
    The vintages of a dataset that were released in a year, and the path of their changes.

    ``fingerprints`` are those of a table with the changes of none of them, of the first, of the first
    two, and so on.
    """

    key: PartitionKey
    steps: tuple[Step, ...]
    fingerprints: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """
        The fingerprint of the whole table.
        """
        return self.fingerprints[-1]


def years_of(source: str, held: Iterable[Held]) -> list[Year]:
    """
    Group the vintages of a dataset by the years in which they were released.
    """
    years = []
    for year, group in groupby(steps_of(held), key=lambda step: step.held.released.year):
        steps = tuple(group)
        dataset = steps[0].held.dataset
        key = PartitionKey(layer=Layer.CHANGES, owner=source, dataset=dataset, year=year)
        prints = accumulate(steps, lambda so_far, step: step.after(so_far), initial="")
        years.append(Year(key=key, steps=steps, fingerprints=tuple(prints)))
    return years


def by_dataset(source: str, held: Iterable[Held], reader: str) -> dict[str, list[Held]]:
    """
    Group the vintages of a source that are in Silver by their dataset.

    :raises ContentError: There are none yet, so the *reader* must wait.
    """
    datasets: dict[str, list[Held]] = {}
    for one in held:
        if one.fingerprint:
            datasets.setdefault(one.dataset, []).append(one)
    if not datasets:
        msg = f"model {reader} reads {source}, which is not in the lake yet; run that source first"
        raise ContentError(msg)
    return dict(sorted(datasets.items()))


def changes_of(
    lake: Lake, source: str, held: Iterable[Held], keep: Keep | None = None
) -> list[pa.Table]:
    """
    Return the changes of a dataset, one table per year. Missing tables are stored in the lake, if
    requested.

    :raises ContentError: A required Silver partition is missing or damaged.
    """
    return changes_in(lake, source, years_of(source, held), keep)


def changes_in(
    lake: Lake, source: str, years: Iterable[Year], keep: Keep | None = None
) -> list[pa.Table]:
    """
    Return the changes of some years of a dataset, as :func:`changes_of` does.
    """
    read = _reading(lake, source)
    return [_of_year(lake, year, read, keep) for year in years]


def _of_year(
    lake: Lake, year: Year, read: Callable[[Held], pa.Table], keep: Keep | None
) -> pa.Table:
    import pyarrow as pa

    there = lake.fingerprint(year.key)
    tables: list[pa.Table] = []
    if there in year.fingerprints:
        with contextlib.suppress(ContentError):  # damaged: it is rebuilt
            tables.append(lake.read(year.key))
    known = year.fingerprints.index(there) if there and tables else 0
    if known == len(year.steps):
        return tables[0]
    tables += [_changes_at(step, read) for step in year.steps[known:]]
    table = (
        pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    )
    if keep is not None:
        keep(lake.write(Partition(key=year.key, table=table, fingerprint=year.fingerprint)))
    return table


def _changes_at(step: Step, read: Callable[[Held], pa.Table]) -> pa.Table:
    before = [Published(vintage=one.vintage, table=read(one)) for one in step.before]
    now = Published(vintage=step.held.vintage, table=read(step.held))
    return changes(now, believed(before) if before else None)


def _reading(lake: Lake, source: str) -> Callable[[Held], pa.Table]:
    """Read Silver; the last table stays in memory, because the next vintage is compared with it."""
    last: dict[str, pa.Table] = {}

    def read(held: Held) -> pa.Table:
        table = last.get(held.vintage.id)
        if table is None:
            table = silver_of_lake(lake, source, held)
            last.clear()
            last[held.vintage.id] = table
        return table

    return read
