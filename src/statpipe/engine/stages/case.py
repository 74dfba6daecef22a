"""The second unit of work: a vintage is compared with the figures known before it, and checked.

Like a task, a case is a picklable value. It names tables of the lake and holds none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import (
    Check,
    CheckResult,
    Dataset,
    PartitionKey,
    Snapshot,
    StatpipeError,
    Vintage,
)
from statpipe.domain.history import Published, believed
from statpipe.domain.revision import Revision, revision_of
from statpipe.engine.stages.judge import judge

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class TableRef:
    """
    A sealed table of the lake: in Silver, or staged to get there.
    """

    key: PartitionKey
    fingerprint: str


@frozen(kw_only=True)
class Earlier:
    """
    A vintage that was published before.
    """

    vintage: Vintage
    table: TableRef


@frozen(kw_only=True)
class Case:
    """
    A vintage of a dataset, and what it is compared with.

    ``revised`` are the vintages, newest first, that set the figures known before it; ``None`` where
    it can have changed none. A ``reworded`` one has a revision only if it changes codes.
    """

    table: TableRef  # first: most cases differ in it, and datasets take long to compare
    vintage: Vintage
    dataset: Dataset = field(repr=False)
    previous: Earlier | None = None
    siblings: Mapping[str, TableRef] = field(factory=dict)
    revised: tuple[Earlier, ...] | None = None
    reworded: bool = False
    judged: bool = True
    new_codes: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Verdict:
    """
    How a vintage changes the figures before it, and the results of the checks. An ``error`` ended
    the checking.
    """

    revision: Revision | None = None
    results: tuple[CheckResult, ...] = ()
    error: StatpipeError | None = None


Read = Callable[[TableRef], "pa.Table"]


def verdict_of(case: Case, checks: Mapping[str, Check], read: Read) -> Verdict:
    """
    Compare a vintage with the figures before it, and run the checks on it.
    """
    results: list[CheckResult] = []
    revision = None
    read = cache(read)  # the checks compare with the vintage before, too
    try:
        revision = _revision(case, read)
        if case.judged:
            judge(checks, _snapshot(case, revision, read), _previous(case, read), results.append)
    except StatpipeError as error:
        return Verdict(revision=revision, results=tuple(results), error=error)
    return Verdict(revision=revision, results=tuple(results))


def _revision(case: Case, read: Read) -> Revision | None:
    if case.revised is None:
        return None
    oldest_first = sorted(
        case.revised, key=lambda one: (one.vintage.released, one.vintage.sequence)
    )
    published = [Published(vintage=one.vintage, table=read(one.table)) for one in oldest_first]
    before = believed(published) if published else None
    names = _releases_of(before, case.revised, case.vintage)
    others = [name for name in names if name != case.vintage.id]
    since, *also = others or names or [""]
    revision = revision_of(before, read(case.table), case.dataset, case.vintage, since, tuple(also))
    return revision if revision.codes or not case.reworded else None


def _releases_of(
    before: pa.Table | None, earlier: Sequence[Earlier], vintage: Vintage
) -> list[str]:
    """Name the releases, newest first, that set the figures known before a vintage."""
    import pyarrow.compute as pc

    if before is None:
        return []
    names, left = [], vintage.selection.rows_of(before)
    for one in earlier:
        own = one.vintage.selection.holds(left)
        if pc.any(own).as_py():
            names.append(one.vintage.id)
        left = left.filter(pc.invert(own))
    return names


def _snapshot(case: Case, revision: Revision | None, read: Read) -> Snapshot:
    return Snapshot(
        dataset=case.dataset,
        vintage=case.vintage,
        table=read(case.table),
        siblings={name: read(table) for name, table in case.siblings.items()},
        revision=revision,
        new_codes=case.new_codes,
    )


def _previous(case: Case, read: Read) -> Snapshot | None:
    before = case.previous
    if before is None:
        return None
    return Snapshot(dataset=case.dataset, vintage=before.vintage, table=read(before.table))
