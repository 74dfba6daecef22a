"""The check ``suspect_patterns``: figures do not look blanked, scaled or copied."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from statpipe.api import CheckResult, Snapshot
from statpipe.domain.observation import CELL
from statpipe_checks.asked import asked_for
from statpipe_checks.database import Database, database, listed
from statpipe_checks.numbers import alike_in_a_row
from statpipe_checks.results import counted, figure, place
from statpipe_checks.table_check import TableCheck

_FEW = 5
"""Fewer figures may be alike by chance."""

_TIMES = 10
"""No revision multiplies half of a group's figures by this factor."""

_SLICES = (("category",), ("ref_area",), ("time_period",))
_NOUNS = {"ref_area": "area", "category": "category", "time_period": "period"}


class SuspectPatterns(TableCheck):
    """
    Look at the whole table and at each category, area and period.

    The check reports figures that are all zero although the vintage before has others, and a first
    table of zeros only; figures that are typically at least ten times, or at most a tenth of, what
    they were, which means another unit under the same name; and a period that repeats the one
    before it.
    """

    name = "suspect_patterns"
    needs = (*CELL, "obs_value")
    about_revision = True

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Report the largest slices with such a pattern.
        """
        told = f"{counted(len(current.table), 'row')} without suspicious patterns"
        repeats = _repeats(current)
        if previous is None and not repeats and _is_not_all_zero(current):
            return self.fine(current, told)
        with database() as silver:
            _add_figures(silver, current, previous)
            found = _zeros(silver, (), first=previous is None)
            there = _counted(silver)
            if repeats:
                _add_periods_before(silver, current)
                for names in ((), ("category",), ("ref_area",)):
                    found += _copied(silver, (*names, "time_period"))
            if max(there["larger"], there["smaller"]) >= _FEW / 2:
                for names in ((), *_SLICES):
                    found += _scaled(silver, names)
            for names in _SLICES if previous is not None and there["zero"] >= _FEW else ():
                found += _zeros(silver, names, first=False)
        if not found:
            return self.fine(current, told)
        shown = [pattern for pattern in found if not _is_part(pattern, found)]
        cells = [{n: v for n, v in one.items() if n != "text"} for one in shown]
        more = f"; {len(shown) - 3:,} more" if len(shown) > 3 else ""  # noqa: PLR2004
        message = (
            f"{'; '.join(one['text'] for one in shown[:3])}{more}; check whether wrong units, "
            "columns or a placeholder were published by mistake"
        )
        return self.found(current, message, sum(one["figures"] for one in shown), cells)


def _repeats(current: Snapshot) -> bool:
    """
    Return whether enough figures equal those of the previous period. For most tables, the answer is
    no.
    """
    table = asked_for(current).rows_of(current.table)
    return alike_in_a_row(table, current.dataset.key) >= _FEW


def _is_not_all_zero(current: Snapshot) -> bool:
    import pyarrow.compute as pc

    table = asked_for(current).rows_of(current.table)
    return bool(pc.any(pc.not_equal(table["obs_value"], 0)).as_py())


def _add_figures(silver: Database, current: Snapshot, previous: Snapshot | None) -> None:
    """
    Make the table ``obs``: figures with those of the vintage before, and how many times these they are.
    """
    keys, selection = current.dataset.key, asked_for(current)
    columns = (*keys, "obs_value")
    silver.add("now", selection.rows_of(current.table), columns)
    table = current.table.slice(0, 0) if previous is None else previous.table
    silver.add("earlier", selection.rows_of(table), columns)
    silver.run(
        f"""
        CREATE TEMP TABLE obs AS
        SELECT {listed(keys, "now")}, now.obs_value AS value, earlier.obs_value AS was,
               CASE WHEN was <> 0 AND value <> 0
                    THEN abs(value)::DOUBLE / abs(was)::DOUBLE END AS times
        FROM now LEFT JOIN earlier USING ({listed(keys)})
        WHERE now.obs_value IS NOT NULL
        """  # noqa: S608 -- column names, no values
    )


def _add_periods_before(silver: Database, current: Snapshot) -> None:
    """
    Make the table ``in_a_row``: figures with those of the period before, now and in the vintage before.
    """
    series = [name for name in current.dataset.key if name != "time_period"]
    silver.run(
        f"""
        CREATE TEMP TABLE in_a_row AS
        SELECT *, lag(value) OVER before AS last, lag(was) OVER before AS last_was
        FROM obs
        WINDOW before AS (PARTITION BY {listed(series)} ORDER BY time_period)
        """  # noqa: S608 -- column names, no values
    )


def _zeros(silver: Database, names: tuple[str, ...], *, first: bool) -> list[dict[str, Any]]:
    """Find slices in which every figure is zero now, but was not before."""
    was = "true" if first else "count_if(was <> 0) > 0"
    rows = silver.rows(
        f"""
        SELECT {"".join(f'"{name}", ' for name in names)} count(*) AS figures
        FROM obs
        GROUP BY {listed(names) or "()"}
        HAVING count(*) >= {_FEW} AND count_if(value <> 0) = 0 AND {was}
        ORDER BY ALL
        """  # noqa: S608 -- column names and constants, no values
    )
    return [
        _pattern("zero", row, f"all {row['figures']:,} figures of {_named(row)} are 0")
        for row in rows
    ]


def _scaled(silver: Database, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """
    Find slices whose figures are typically many times, or a small fraction of, what they were.
    """
    rows = silver.rows(
        f"""
        SELECT {"".join(f'"{name}", ' for name in names)} count(*) AS figures,
               median(obs.times) AS times
        FROM obs
        WHERE obs.times IS NOT NULL
        GROUP BY {listed(names) or "()"}
        HAVING count(*) >= {_FEW} AND (median(obs.times) >= {_TIMES} OR median(obs.times) <= 1.0 / {_TIMES})
        ORDER BY ALL
        """  # noqa: S608 -- column names and constants, no values
    )
    found = []
    for row in rows:
        times = figure(Decimal(f"{row.pop('times'):.3g}"))
        text = (
            f"{row['figures']:,} figures of {_named(row)} are typically {times} times their "
            "previous values"
        )
        found.append(_pattern("scaled", row, text))
    return found


def _counted(silver: Database) -> dict[str, Any]:
    """
    Count the figures that a pattern needs; most tables have too few of each kind.

    A median of ten times or more needs half of the figures to be as large as that.
    """
    [counts] = silver.rows(
        f"""
        SELECT count(*) FILTER (value = 0) AS zero,
               count(*) FILTER (times >= {_TIMES}) AS larger,
               count(*) FILTER (times <= 1.0 / {_TIMES}) AS smaller
        FROM obs
        """  # noqa: S608 -- constants, no values
    )
    return counts


def _copied(silver: Database, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Find slices in which one period repeats the period before, and did not in the vintage before."""
    rows = silver.rows(
        f"""
        SELECT {listed(names)}, count(*) AS figures
        FROM in_a_row
        WHERE last <> 0 OR value <> 0
        GROUP BY {listed(names)}
        HAVING count(*) >= {_FEW} AND count(last) = count(*) AND count_if(value <> last) = 0
           AND min(value) < max(value)
           AND (count(last_was) < count(*) OR count(was) < count(*) OR count_if(was <> last_was) > 0)
        ORDER BY ALL
        """  # noqa: S608 -- column names and constants, no values
    )
    return [
        _pattern(
            "copied",
            row,
            f"all {row['figures']:,} figures of {_named(row)} equal those of the previous period",
        )
        for row in rows
    ]


def _pattern(kind: str, row: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"pattern": kind, **row, "text": text}


def _named(row: Mapping[str, Any]) -> str:
    parts = [f"{_NOUNS[name]} {place({name: row[name]})}" for name in CELL if name in row]
    return " ".join(parts) or "the table"


def _is_part(pattern: Mapping[str, Any], found: list[dict[str, Any]]) -> bool:
    """Return whether a wider slice shows the same pattern."""
    own = {name: pattern[name] for name in CELL if name in pattern}
    return any(
        other["pattern"] == pattern["pattern"]
        and (names := {name for name in CELL if name in other}) < own.keys()
        and all(other[name] == own[name] for name in names)
        for other in found
    )
