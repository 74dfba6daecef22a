"""The check ``complete``: the whole cube of areas, categories and periods is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from statpipe.api import CheckResult, Snapshot
from statpipe.domain.observation import KEY
from statpipe_checks.asked import asked_for
from statpipe_checks.code_lists import categories_of, codes_in
from statpipe_checks.database import Database, database, table_of
from statpipe_checks.results import counted
from statpipe_checks.table_check import TableCheck

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe.domain.selection import Selection

Pair = tuple[str, str]
"""An area and a category."""


class Complete(TableCheck):
    """
    Every area that was asked for has every category published for it in every period of the table.

    A period that was asked for and occurs nowhere is no gap: agencies leave out, without a word,
    the years that they have not published yet. A row whose figure is missing is a row that is there.
    """

    name = "complete"
    needs = (*KEY, "parent_category", "sign")

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:  # noqa: ARG002
        """
        Report whole areas first, then whole categories, then what is missing within them.
        """
        if not len(current.table):
            message = "the table has no rows; see whether the agency's answer was empty"
            return self.found(current, message, 1, [{"missing": "everything"}])
        expected = expected_pairs(current)
        with database() as silver:
            silver.add("obs", current.table, KEY)
            periods = len(codes_in(current.table, "time_period"))
            present = _periods_present(silver)
            gaps = list(_gaps(expected, present, periods))
            gaps += _single_cells(silver, expected, present, periods)
        missing = sum(max(periods - present.get(pair, 0), 0) for pair in expected)
        if not missing:
            message = (
                f"{counted(len({area for area, _ in expected}), 'area')}, "
                f"{counted(len({c for _, c in expected}), 'category', 'categories')}, "
                f"{counted(periods, 'period')}: nothing is missing"
            )
            return self.fine(current, message)
        message = (
            f"{counted(missing, 'observation')} missing: "
            f"{'; '.join(gap['text'] for gap in gaps[:3])}{'; ...' if len(gaps) > 3 else ''}; "  # noqa: PLR2004
            "see whether a payload was cut short or the code list is out of date"
        )
        cells = [{n: v for n, v in gap.items() if n != "text"} for gap in gaps]
        return self.found(current, message, missing, cells)


def expected_pairs(current: Snapshot) -> set[Pair]:
    """
    Give each area with each category that is published for it, within what was asked for.
    """
    selection = asked_for(current)
    areas = _areas(current, selection)
    categories = {c.code: c.areas for c in categories_of(current.dataset, current.table)}
    if not current.dataset.categories and selection.categories is not None:
        categories = {code: categories.get(code, ()) for code in selection.categories}
    wanted = None if selection.categories is None else set(selection.categories)
    return {
        (area, category)
        for category, only in categories.items()
        if wanted is None or category in wanted
        for area in areas
        if not only or area in only
    }


def _areas(current: Snapshot, selection: Selection) -> list[str]:
    declared = [area.code for area in current.dataset.areas]
    if not declared:
        return list(selection.areas or codes_in(current.table, "ref_area"))
    return [code for code in declared if selection.areas is None or code in selection.areas]


def _periods_present(silver: Database) -> dict[Pair, int]:
    rows = silver.rows("""
        SELECT ref_area, category, count(DISTINCT time_period) AS periods
        FROM obs
        GROUP BY ref_area, category
    """)
    return {(row["ref_area"], row["category"]): row["periods"] for row in rows}


def _gaps(expected: set[Pair], present: dict[Pair, int], periods: int) -> Iterator[dict[str, Any]]:
    """Give areas, categories, and categories of an area of which nothing is there."""
    absent = sorted(pair for pair in expected if not present.get(pair))
    here = {pair for pair in expected if present.get(pair)}
    areas_here, categories_here = {a for a, _ in here}, {c for _, c in here}
    for area in sorted({a for a, _ in absent} - areas_here):
        lost = sum(a == area for a, _ in absent)
        yield {
            "missing": "area",
            "ref_area": area,
            "observations": lost * periods,
            "text": f"area {area} is missing",
        }
    within = [(a, c) for a, c in absent if a in areas_here]
    for category in sorted({c for _, c in within} - categories_here):
        lost = sum(c == category for _, c in within)
        yield {
            "missing": "category",
            "category": category,
            "observations": lost * periods,
            "text": f"category {category} is missing",
        }
    for area, category in within:
        if category in categories_here:
            yield {
                "missing": "category of an area",
                "ref_area": area,
                "category": category,
                "observations": periods,
                "text": f"category {category} is missing for {area}",
            }


def _single_cells(
    silver: Database, expected: set[Pair], present: dict[Pair, int], periods: int
) -> list[dict[str, Any]]:
    short = sorted(pair for pair in expected if 0 < present.get(pair, 0) < periods)
    silver.add("short", _pairs_table(short), ("ref_area", "category"))
    _, cells = silver.first("""
        SELECT s.ref_area, s.category, p.time_period
        FROM short AS s
        CROSS JOIN (SELECT DISTINCT time_period FROM obs WHERE time_period IS NOT NULL) AS p
        ANTI JOIN obs AS o
            ON o.ref_area = s.ref_area
            AND o.category = s.category
            AND o.time_period = p.time_period
    """)
    return [
        {
            "missing": "observation",
            **cell,
            "observations": 1,
            "text": f"{cell['ref_area']} {cell['category']} has no {cell['time_period']}",
        }
        for cell in cells
    ]


def _pairs_table(pairs: list[Pair]) -> pa.Table:
    rows = [{"ref_area": area, "category": category} for area, category in pairs]
    return table_of(rows, {"ref_area": "string", "category": "string"})
