"""The check ``complete``: the cube of areas, categories and periods has no gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from statpipe.api import CheckResult, Dataset, Snapshot
from statpipe.domain.observation import KEY
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

_SERIES = ("ref_area", "category", "freq")


class Complete(TableCheck):
    """
    Every requested area has every category published for it, in every period of the table whose
    frequency the area has for this category.

    A frequency in which an area has no figures of a category is not judged: agencies publish some
    series by month and others by quarter. A requested period that occurs nowhere is not judged:
    agencies leave out years that they have not published yet. A row without a figure counts as a
    row. Cells that the vintage before lacked as well were reported then; they are counted, but not
    reported again.

    A dataset with dimensions, or without any code list, does not declare a cube and is not judged:
    each of its series begins, pauses and ends independently.
    """

    name = "complete"
    needs = (*KEY, "parent_category", "sign")
    about_revision = True

    def applies_to(self, dataset: Dataset) -> bool:
        """
        Return whether the dataset declares a cube.
        """
        return bool(dataset.areas or dataset.categories) and not dataset.dimensions

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Report missing areas first, then missing categories, then gaps within them.
        """
        if not len(current.table):
            message = "the table has no rows; check whether the agency's answer was empty"
            return self.misread(current, message, 1, [{"missing": "everything"}])
        asked = expected_pairs(current)
        with database() as silver:
            silver.add("obs", current.table, KEY)
            shown = _shown(silver, "obs")
            if not any(map(shown.lacking, asked)):  # most tables: what was before does not matter
                return self.fine(current, _nothing_missing(asked, asked, shown, previous))
            absent_before = _add_gaps_before(silver, previous)
            expected = asked - (absent_before - shown.counts.keys())
            gaps = list(_gaps(expected, shown))
            single, cells = _single_cells(silver, expected, shown)
        missing = sum(gap["observations"] for gap in gaps) + single
        gaps += cells
        if not missing:
            return self.fine(current, _nothing_missing(asked, expected, shown, previous))
        message = (
            f"{counted(missing, 'observation')} missing: "
            f"{'; '.join(gap['text'] for gap in gaps[:3])}{'; ...' if len(gaps) > 3 else ''}; "  # noqa: PLR2004
            "check whether a payload was cut off, the agency withdrew them, or the code list is "
            "out of date"
        )
        cells = [{n: v for n, v in gap.items() if n != "text"} for gap in gaps]
        return self.found(current, message, missing, cells)


def _nothing_missing(
    asked: set[Pair], expected: set[Pair], shown: _Shown, previous: Snapshot | None
) -> str:
    message = (
        f"{counted(len({area for area, _ in expected}), 'area')}, "
        f"{counted(len({c for _, c in expected}), 'category', 'categories')}, "
        f"{counted(sum(shown.periods.values()), 'period')}: nothing is missing"
    )
    every = sum(shown.lacking(pair) for pair in asked)
    if every and previous is not None:
        message += f" that {previous.vintage.id} had; {every:,} are missing in both"
    return message


@frozen
class _Shown:
    """
    The number of periods of each frequency in a table, and in each area and category.
    """

    periods: Mapping[str, int]
    counts: Mapping[Pair, Mapping[str, int]]
    least: Mapping[str, int]
    """The fewest periods that any area should have of a category, by category."""

    def lacking(self, pair: Pair) -> int:
        """
        Count the missing cells of an area and category. If all are missing, the count is the
        smallest number that any area should have of the category.
        """
        if pair not in self.counts:
            return self.least.get(pair[1], min(self.periods.values(), default=0))
        return sum(self.periods[freq] - count for freq, count in self.counts[pair].items())

    def short(self, expected: set[Pair]) -> pa.Table:
        """
        Return the series that have some periods of their frequency and lack others.
        """
        rows = [
            dict(zip(_SERIES, (*pair, freq), strict=True))
            for pair in sorted(expected & self.counts.keys())
            for freq, count in self.counts[pair].items()
            if count < self.periods[freq]
        ]
        return table_of(rows, dict.fromkeys(_SERIES, "string"))


def expected_pairs(current: Snapshot) -> set[Pair]:
    """
    Return each requested area with each category that is published for it. New codes are left out,
    because this is not known for them.
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


def _shown(silver: Database, table: str) -> _Shown:
    columns = listed(_SERIES)
    series = silver.rows(
        f"SELECT {columns}, count(DISTINCT time_period) AS periods FROM {table} GROUP BY {columns} "  # noqa: S608 -- names of this module's
        f"ORDER BY {columns}"
    )
    periods = silver.rows(
        f"SELECT freq, count(DISTINCT time_period) AS periods FROM {table} GROUP BY freq"  # noqa: S608 -- the same
    )
    whole = {row["freq"]: row["periods"] for row in periods}
    counts: dict[Pair, dict[str, int]] = {}
    for row in series:
        counts.setdefault((row["ref_area"], row["category"]), {})[row["freq"]] = row["periods"]
    least: dict[str, int] = {}
    for (_, category), freqs in counts.items():
        full = sum(whole[freq] for freq in freqs)
        least[category] = min(full, least.get(category, full))
    return _Shown(whole, counts, least)


def _gaps(expected: set[Pair], shown: _Shown) -> Iterator[dict[str, Any]]:
    """Return areas, categories, and categories of an area that are missing completely."""
    absent = sorted(expected - shown.counts.keys())
    here = expected & shown.counts.keys()
    areas_here, categories_here = {a for a, _ in here}, {c for _, c in here}
    for area in sorted({a for a, _ in absent} - areas_here):
        yield {
            "missing": "area",
            "ref_area": area,
            "observations": sum(shown.lacking(pair) for pair in absent if pair[0] == area),
            "text": f"area {area} is missing",
        }
    within = [(a, c) for a, c in absent if a in areas_here]
    for category in sorted({c for _, c in within} - categories_here):
        yield {
            "missing": "category",
            "category": category,
            "observations": sum(shown.lacking(pair) for pair in within if pair[1] == category),
            "text": f"category {category} is missing",
        }
    for area, category in within:
        if category in categories_here:
            yield {
                "missing": "category of an area",
                "ref_area": area,
                "category": category,
                "observations": shown.lacking((area, category)),
                "text": f"category {category} is missing for {area}",
            }


def _add_gaps_before(silver: Database, previous: Snapshot | None) -> set[Pair]:
    """
    Make the table ``lacked`` of single cells that the vintage before lacked, and return the pairs
    that it lacked completely.
    """
    silver.run(f"CREATE TEMP TABLE lacked ({', '.join(f'{name} VARCHAR' for name in KEY)})")
    if previous is None or not len(previous.table):
        return set()
    silver.add("before", previous.table, KEY)
    expected = expected_pairs(previous)
    shown = _shown(silver, "before")
    silver.add("short_before", shown.short(expected), _SERIES)
    silver.run(f"INSERT INTO lacked {_lacking('short_before', 'before')}")
    return expected - shown.counts.keys()


def _lacking(short: str, table: str) -> str:
    """Return the query for missing cells of series that the table has in part."""
    return f"""
        SELECT {listed(KEY)}
        FROM {short}
        JOIN (SELECT DISTINCT freq, time_period FROM {table} WHERE time_period IS NOT NULL) AS p
            USING (freq)
        ANTI JOIN {table} USING ({listed(KEY)})
    """  # noqa: S608 -- names of this module's


def _single_cells(
    silver: Database, expected: set[Pair], shown: _Shown
) -> tuple[int, list[dict[str, Any]]]:
    """Count single missing cells, and return the first of them."""
    silver.add("short", shown.short(expected), _SERIES)
    number, cells = silver.first(
        f"FROM ({_lacking('short', 'obs')}) ANTI JOIN lacked USING ({listed(KEY)})"
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
