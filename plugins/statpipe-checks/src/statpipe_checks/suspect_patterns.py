"""The check ``suspect_patterns``: figures that look blanked, scaled or copied."""

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

    Reported are figures that are all zero where the vintage before shows others, or in a whole first
    table; figures that are typically ten times what they were or more, or a tenth or less, which is
    another unit under the same name; and a period that repeats the one before it.
    """

    name = "suspect_patterns"
    needs = (*CELL, "obs_value")
    about_revision = True

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Report the largest slices with such a pattern.
        """
        told = f"{counted(len(current.table), 'row')} without suspicious patterns"
        if previous is None and _is_plain(current):
            return self.fine(current, told)
        with database() as silver:
            _add_figures(silver, current, previous)
            found = _zeros(silver, (), first=previous is None)
            for names in ((), ("category",), ("ref_area",)) if _any_alike(silver) else ():
                found += _copied(silver, (*names, "time_period"))
            for names in ((), *_SLICES) if previous is not None else ():
                found += _scaled(silver, names)
                found += _zeros(silver, names, first=False) if names else []
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


def _is_plain(current: Snapshot) -> bool:
    """Tell of a first vintage whether a figure is not 0, and too few equal the one before them for a pattern."""
    import pyarrow.compute as pc

    table = asked_for(current).rows_of(current.table)
    if not pc.any(pc.not_equal(table["obs_value"], 0)).as_py():
        return False
    return alike_in_a_row(table, current.dataset.key) < _FEW


def _add_figures(silver: Database, current: Snapshot, previous: Snapshot | None) -> None:
    """
    Make the table ``obs``: figures with those of the vintage before, and of the period before.
    """
    keys, selection = current.dataset.key, asked_for(current)
    series = [name for name in keys if name != "time_period"]
    columns = (*keys, "obs_value")
    silver.add("now", selection.rows_of(current.table), columns)
    table = current.table.slice(0, 0) if previous is None else previous.table
    silver.add("earlier", selection.rows_of(table), columns)
    silver.run(
        f"""
        CREATE TEMP TABLE obs AS
        WITH told AS (
            SELECT {listed(keys, "now")}, now.obs_value AS value, earlier.obs_value AS was
            FROM now LEFT JOIN earlier USING ({listed(keys)})
            WHERE now.obs_value IS NOT NULL
        )
        SELECT *, lag(value) OVER before AS last, lag(was) OVER before AS last_was
        FROM told
        WINDOW before AS (PARTITION BY {listed(series)} ORDER BY time_period)
        """  # noqa: S608 -- column names, no values
    )


def _zeros(silver: Database, names: tuple[str, ...], *, first: bool) -> list[dict[str, Any]]:
    """Find slices whose every figure is zero, and was not."""
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
    """Find slices whose figures are typically many times what they were, or a small part of it."""
    rows = silver.rows(
        f"""
        SELECT {"".join(f'"{name}", ' for name in names)} count(*) AS figures,
               median(abs(value)::DOUBLE / abs(was)::DOUBLE) AS times
        FROM obs
        WHERE was <> 0 AND value <> 0
        GROUP BY {listed(names) or "()"}
        HAVING count(*) >= {_FEW} AND (times >= {_TIMES} OR times <= 1.0 / {_TIMES})
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


def _any_alike(silver: Database) -> bool:
    """Tell whether enough figures equal those of the previous period: most tables are done with
    that.
    """
    [alike] = silver.rows("SELECT count(*) FILTER (value = last) AS figures FROM obs")
    return bool(alike["figures"] >= _FEW)


def _copied(silver: Database, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Find slices in which one period repeats the period before, and did not in the vintage before."""
    rows = silver.rows(
        f"""
        SELECT {listed(names)}, count(*) AS figures
        FROM obs
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
    """Tell whether a wider slice shows the same pattern."""
    own = {name: pattern[name] for name in CELL if name in pattern}
    return any(
        other["pattern"] == pattern["pattern"]
        and (names := {name for name in CELL if name in other}) < own.keys()
        and all(other[name] == own[name] for name in names)
        for other in found
    )
