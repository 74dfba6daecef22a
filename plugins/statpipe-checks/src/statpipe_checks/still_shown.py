"""The check ``still_shown``: figures do not disappear, and series have no new gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from statpipe.api import CheckResult, Snapshot
from statpipe.domain.codes import encoded
from statpipe.domain.observation import CELL
from statpipe.domain.period import DATE_TIMES, periods_between
from statpipe_checks.asked import asked_for
from statpipe_checks.code_lists import codes_in
from statpipe_checks.database import Database, database, listed, table_of
from statpipe_checks.numbers import absent, numbers_of
from statpipe_checks.results import counted, figure, place
from statpipe_checks.settings import ShownSettings
from statpipe_checks.table_check import TableCheck

if TYPE_CHECKING:
    import pyarrow as pa

_FEW = 3
"""With fewer figures, a loss says little about a group."""

_MISSING = "O"
"""The SDMX status of a figure that is missing without a reason."""

_SLICES = (
    *(("category",), ("ref_area",), ("time_period",)),
    *(("ref_area", "category"), ("category", "time_period"), ("ref_area", "time_period")),
)
_NOUNS = {"ref_area": "area", "category": "category", "time_period": "period"}
_NAMED = 3


class StillShown(TableCheck):
    """
    Count figures that were shown before and are missing now: without a value, or not in the table.

    They are reported if they exceed a share of the table or of a slice: a category, an area or a
    period, a category of an area, or a period of a category or area. An unexplained gap inside a
    series, with figures before and after it, is always reported, also in a first vintage, unless
    the vintage before had the same gap.
    """

    name = "still_shown"
    needs = (*CELL, "freq", "obs_value", "obs_status", "source_symbol")
    about_revision = True

    def __init__(self, settings: ShownSettings) -> None:
        super().__init__(settings)
        self._table, self._slice = settings.table_percent, settings.slice_percent

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Report lost figures with their earlier values, and gaps.
        """
        keys = current.dataset.key
        calendar = list(_calendar(current))
        counts = _counts(current, previous)
        may_have_gaps = bool(calendar) and _may_have_gaps(current, calendar)
        if not counts["lost"] and not may_have_gaps:
            return self.fine(current, _shown(counts, previous))
        with database() as silver:
            _add_figures(silver, current, previous)
            slices = []
            if counts["lost"]:
                _add_lost(silver, current)
                slices = self._slices(silver)
            beyond = 100 * counts["lost"] > self._table * counts["shown"]
            gaps, gap_cells = _gaps(silver, current, calendar) if may_have_gaps else (0, [])
            lost_cells: Sequence[Mapping[str, Any]] = ()
            if slices or beyond:
                _, lost_cells = silver.first(
                    f"SELECT {listed(keys)}, previous, now FROM was WHERE lost"  # noqa: S608
                )
        lost = counts["lost"] if slices or beyond else 0
        told = _shown(counts, previous)
        if not lost and not gaps:
            return self.fine(current, told)
        texts = []
        if lost:
            texts += [told, *_where(slices), _first(lost_cells[0])]
        if gaps:
            texts.append(_gaps_worded(gaps, gap_cells))
        message = (
            f"{'; '.join(texts)}; check whether the agency intended this or the answer was "
            "incomplete"
        )
        cells = [*({**c, "previous": figure(c["previous"])} for c in lost_cells), *gap_cells]
        return self.found(current, message, lost + gaps, cells)

    def _slices(self, silver: Database) -> list[dict[str, Any]]:
        """Return the largest slices of the table that lost more than the settings allow."""
        found = []
        for names in _SLICES:
            found += silver.rows(
                f"""
                SELECT {listed(names)}, count(*) AS shown, count(*) FILTER (lost) AS lost
                FROM was
                GROUP BY ALL
                HAVING count(*) FILTER (lost) >= {_FEW}
                   AND 100 * count(*) FILTER (lost) > $percent * count(*)
                ORDER BY ALL
                """,  # noqa: S608 -- column names and a constant, no values
                percent=self._slice,
            )
        return found


def _counts(current: Snapshot, previous: Snapshot | None) -> dict[str, int]:
    """
    Count the figures that were shown before, and those of them that are missing now.
    """
    if previous is None:
        return {"shown": 0, "lost": 0}
    before, now = (_figures(one.table, current) for one in (previous, current))
    return {"shown": len(before), "lost": absent(before, now, current.dataset.key)}


def _figures(table: pa.Table, current: Snapshot) -> pa.Table:
    """Return the keys of the rows with a figure, within what was asked for."""
    import pyarrow.compute as pc

    asked = asked_for(current).rows_of(table)
    return asked.select(current.dataset.key).filter(pc.is_valid(asked["obs_value"]))


def _add_figures(silver: Database, current: Snapshot, previous: Snapshot | None) -> None:
    """
    Make the tables ``now`` and ``before`` with all rows.
    """
    selection = asked_for(current)
    columns = (*current.dataset.key, "freq", "obs_value", "obs_status", "source_symbol")
    silver.add("now", selection.rows_of(current.table), columns)
    table = current.table.slice(0, 0) if previous is None else previous.table
    silver.add("before", selection.rows_of(table), columns)


def _add_lost(silver: Database, current: Snapshot) -> None:
    """
    Make the table ``was`` of the figures that were shown before, and whether they are lost.
    """
    keys = current.dataset.key
    silver.run(
        f"""
        CREATE TEMP TABLE was AS
        SELECT {listed(keys, "before")}, before.obs_value AS previous,
               now.obs_value IS NULL AS lost,
               coalesce(now.source_symbol, now.obs_status, 'not in the table') AS now
        FROM before LEFT JOIN now USING ({listed(keys)})
        WHERE before.obs_value IS NOT NULL
        """  # noqa: S608 -- column names, no values
    )


def _may_have_gaps(current: Snapshot, calendar: Sequence[Mapping[str, Any]]) -> bool:
    """
    Return whether a series has fewer figures than periods from its first figure to its last. With
    several frequencies, the answer is always yes.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if len({one["freq"] for one in calendar}) > 1:
        return True
    table = _figures(current.table, current)
    series = numbers_of(table, [name for name in current.dataset.key if name != "time_period"])
    places = {one["time_period"]: one["n"] for one in calendar}
    periods = encoded(table["time_period"])
    numbers = pa.array([places.get(text) for text in periods.dictionary.to_pylist()], pa.int32())
    spans = (
        pa.table({"series": series, "n": numbers.take(periods.indices)})
        .group_by("series")
        .aggregate([("n", "min"), ("n", "max"), ("n", "count")])
    )
    length = pc.subtract(spans["n_max"], spans["n_min"])
    return bool(pc.any(pc.less_equal(spans["n_count"], length)).as_py())


def _gaps(
    silver: Database, current: Snapshot, rows: Sequence[Mapping[str, Any]]
) -> tuple[int, list[dict[str, Any]]]:
    """
    Count cells without a figure between figures of the same series, and give the first of them.

    Cells whose status gives a reason, such as suppressed or not significant, do not count. Nor do
    gaps that the vintage before had, or cells that it shows: these may count as lost instead.
    """
    dataset, key = current.dataset, current.dataset.key
    series = [name for name in key if name != "time_period"]
    types = {"freq": "string", "time_period": "string", "n": "int32"}
    silver.add("calendar", table_of(rows, types), types)
    spans = f"""
        SELECT {listed(series)}, min(n) AS first, max(n) AS last
        FROM {{}} JOIN calendar USING (freq, time_period)
        WHERE obs_value IS NOT NULL
        GROUP BY ALL
        HAVING count(*) <= max(n) - min(n)
        """  # noqa: S608 -- column names, no values
    if not silver.rows(f"FROM ({spans.format('now')}) LIMIT 1"):
        return 0, []
    for name in ("now", "before"):
        silver.run(
            f"""
            CREATE TEMP TABLE gaps_{name} AS
            WITH spans AS ({spans.format(name)})
            SELECT {listed(series, "spans")}, calendar.time_period
            FROM spans JOIN (SELECT freq AS own, time_period, n FROM calendar) AS calendar
                ON own = freq AND n BETWEEN first AND last
            ANTI JOIN (FROM {name} WHERE obs_value IS NOT NULL OR obs_status <> '{_MISSING}') AS told
                USING ({listed(key)})
            """  # noqa: S608 -- column names, no values
        )
    return silver.first(
        f"""
        SELECT {listed(dataset.key)}, 'a gap' AS now
        FROM gaps_now
        ANTI JOIN gaps_before USING ({listed(key)})
        ANTI JOIN before USING ({listed(key)})
        """  # noqa: S608 -- column names, no values
    )


def _calendar(current: Snapshot) -> Iterator[dict[str, Any]]:
    """Number the requested periods of each frequency, from the first to the last in the table."""
    import pyarrow.compute as pc

    asked, table = asked_for(current).periods, current.table
    for freq in codes_in(table, "freq"):
        there = codes_in(table.filter(pc.equal(table["freq"].cast("string"), freq)), "time_period")
        calendar = periods_between(there[0], there[-1], freq) if freq not in DATE_TIMES else ()
        wanted = (period for period in calendar if asked is None or period in asked)
        for number, period in enumerate(wanted):
            yield {"freq": freq, "time_period": period, "n": number}


def _shown(counts: Mapping[str, int], previous: Snapshot | None) -> str:
    if previous is None:
        return "there is no earlier vintage to compare with, and no series has a gap"
    return (
        f"{counts['lost']:,} of {counted(counts['shown'], 'figure')} shown in {previous.vintage.id} "
        f"{'is' if counts['lost'] == 1 else 'are'} missing now"
    )


def _where(slices: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """
    Return the names of whole categories, areas and periods, or of smaller slices if there are none.
    """
    if not slices:
        return
    wide = [one for one in slices if sum(name in one for name in CELL) == 1]
    worst = sorted(wide or slices, key=lambda one: (-one["lost"], place(one)))
    texts = [
        f"{' '.join(f'{_NOUNS[name]} {one[name]}' for name in CELL if name in one)} lost "
        f"{one['lost']:,} of {one['shown']:,}"
        for one in worst[:_NAMED]
    ]
    more = f", and so on in {len(worst) - _NAMED:,} more" if len(worst) > _NAMED else ""
    yield f"{', '.join(texts)}{more}"


def _first(cell: Mapping[str, Any]) -> str:
    return f"first: {place(cell)} was {figure(cell['previous'])} and is {cell['now']}"


def _gaps_worded(gaps: int, cells: Sequence[Mapping[str, Any]]) -> str:
    first = place(cells[0])
    return f"{counted(gaps, 'figure')} missing between figures of the same series, first: {first}"
