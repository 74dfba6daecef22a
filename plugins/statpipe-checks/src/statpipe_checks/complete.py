"""The check ``complete``: the whole cube of areas, categories and periods is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from statpipe.api import CheckResult, Dataset, Snapshot
from statpipe.domain.observation import CELL
from statpipe_checks.asked import asked_for
from statpipe_checks.code_lists import categories_of, codes_in
from statpipe_checks.database import Database, database, listed, table_of
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

    A period that was asked for and occurs nowhere is not judged here: agencies leave out, without a
    word, the years that they have not published yet. A row without a figure is a row. What the
    vintage before lacked as well was asked about then, and is counted but not reported again.

    A dataset with dimensions is not judged: its series begin, end and pause each for itself.
    """

    name = "complete"
    needs = (*CELL, "parent_category", "sign")
    about_revision = True

    def applies_to(self, dataset: Dataset) -> bool:
        """
        Tell whether the dataset's figures fill a cube.
        """
        return not dataset.dimensions

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Report whole areas first, then whole categories, then what is missing within them.
        """
        if not len(current.table):
            message = "the table has no rows; see whether the agency's answer was empty"
            return self.misread(current, message, 1, [{"missing": "everything"}])
        asked = expected_pairs(current)
        with database() as silver:
            silver.add("obs", current.table, CELL)
            periods = len(codes_in(current.table, "time_period"))
            present = _periods_present(silver, "obs")
            absent_before = _add_gaps_before(silver, previous)
            expected = asked - {pair for pair in absent_before if not present.get(pair)}
            gaps = list(_gaps(expected, present, periods))
            single, cells = _single_cells(silver, expected, present, periods)
        missing = sum(gap["observations"] for gap in gaps) + single
        gaps += cells
        if not missing:
            every = sum(max(periods - present.get(pair, 0), 0) for pair in asked)
            message = (
                f"{counted(len({area for area, _ in expected}), 'area')}, "
                f"{counted(len({c for _, c in expected}), 'category', 'categories')}, "
                f"{counted(periods, 'period')}: nothing is missing"
            )
            if every and previous is not None:
                message += (
                    f" that was there in {previous.vintage.id}; {every:,} are missing in both"
                )
            return self.fine(current, message)
        message = (
            f"{counted(missing, 'observation')} missing: "
            f"{'; '.join(gap['text'] for gap in gaps[:3])}{'; ...' if len(gaps) > 3 else ''}; "  # noqa: PLR2004
            "see whether a payload was cut short, the agency withdrew them, or the code list is out of "
            "date"
        )
        cells = [{n: v for n, v in gap.items() if n != "text"} for gap in gaps]
        return self.found(current, message, missing, cells)


def expected_pairs(current: Snapshot) -> set[Pair]:
    """
    Give each area with each category that is published for it, within what was asked for. Of new codes
    nobody knows that.
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
        if (not only or area in only) and current.new_codes.isdisjoint({area, category})
    }


def _areas(current: Snapshot, selection: Selection) -> list[str]:
    declared = [area.code for area in current.dataset.areas]
    if not declared:
        return list(selection.areas or codes_in(current.table, "ref_area"))
    return [code for code in declared if selection.areas is None or code in selection.areas]


def _periods_present(silver: Database, table: str) -> dict[Pair, int]:
    rows = silver.rows(
        f"""
        SELECT ref_area, category, count(DISTINCT time_period) AS periods
        FROM {table}
        GROUP BY ref_area, category
        """  # noqa: S608 -- a name of this module's
    )
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


def _add_gaps_before(silver: Database, previous: Snapshot | None) -> set[Pair]:
    """
    Make the table ``lacked`` of single cells that the vintage before lacked, and return the pairs of
    which it had nothing.
    """
    silver.run(f"CREATE TEMP TABLE lacked ({', '.join(f'{name} VARCHAR' for name in CELL)})")
    if previous is None or not len(previous.table):
        return set()
    silver.add("before", previous.table, CELL)
    expected = expected_pairs(previous)
    periods = len(codes_in(previous.table, "time_period"))
    present = _periods_present(silver, "before")
    short = sorted(pair for pair in expected if 0 < present.get(pair, 0) < periods)
    silver.add("short_before", _pairs_table(short), ("ref_area", "category"))
    silver.run(f"INSERT INTO lacked {_lacking('short_before', 'before')}")
    return {pair for pair in expected if not present.get(pair)}


def _lacking(short: str, table: str) -> str:
    """Write the query for the cells of pairs that a table has only in part."""
    return f"""
        SELECT s.ref_area, s.category, p.time_period
        FROM {short} AS s
        CROSS JOIN (SELECT DISTINCT time_period FROM {table} WHERE time_period IS NOT NULL) AS p
        ANTI JOIN {table} AS o
            ON o.ref_area = s.ref_area
            AND o.category = s.category
            AND o.time_period = p.time_period
    """  # noqa: S608 -- names of this module's


def _single_cells(
    silver: Database, expected: set[Pair], present: dict[Pair, int], periods: int
) -> tuple[int, list[dict[str, Any]]]:
    """Count single cells that are missing, and give the first of them."""
    short = sorted(pair for pair in expected if 0 < present.get(pair, 0) < periods)
    silver.add("short", _pairs_table(short), ("ref_area", "category"))
    number, cells = silver.first(
        f"FROM ({_lacking('short', 'obs')}) ANTI JOIN lacked USING ({listed(CELL)})"
    )
    return number, [
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
