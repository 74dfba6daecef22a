"""The check ``stable_categories``: a code means what it meant in the vintage before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statpipe.api import CheckResult, Snapshot
from statpipe_checks.database import database
from statpipe_checks.numbers import combinations
from statpipe_checks.results import NO_EARLIER, counted
from statpipe_checks.table_check import TableCheck

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = ("category", "category_name", "unit_measure", "unit_mult")


class StableCategories(TableCheck):
    """
    Title and unit identify a category: agencies have reused old codes for other lines.

    A new unit fails, and so does a title that belonged to another code before. Any other new title
    is only reported, because agencies reword titles.
    """

    name = "stable_categories"
    needs = _COLUMNS
    about_revision = True

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Compare the categories that occur in both vintages.
        """
        if previous is None:
            return self.unjudged(current, NO_EARLIER)
        before, now = _identities(previous.table), _identities(current.table)
        kept = sorted(before.keys() & now.keys())
        changes = [
            {
                "category": code,
                "previous_title": before[code]["title"],
                "title": now[code]["title"],
                "previous_unit": before[code]["unit"],
                "unit": now[code]["unit"],
            }
            for code in kept
            if before[code] != now[code]
        ]
        titles = {identity["title"]: code for code, identity in reversed(before.items())}
        moved = [c for c in changes if _has_moved(c, titles)]
        told = f"{counted(len(kept), 'category', 'categories')} kept from {previous.vintage.id}"
        retitled = _retitled([c for c in changes if c not in moved])
        if not moved:
            return self.fine(current, told + retitled)
        message = (
            f"{len(moved):,} of {told} no longer measure the same, first: "
            f"{_described(moved[0], titles)}{retitled}; check whether the agency changed the "
            "meaning of its codes, for example by renumbering lines, and give the new "
            "categories their own codes"
        )
        return self.found(current, message, len(moved), moved)


def _identities(table: pa.Table) -> dict[str, dict[str, Any]]:
    """Return all titles and units of each category."""
    with database(obs=combinations(table, _COLUMNS)) as silver:
        rows = silver.rows("""
            SELECT category,
                   string_agg(DISTINCT category_name, ' | ' ORDER BY category_name) AS title,
                   string_agg(DISTINCT unit, ' | ' ORDER BY unit) AS unit
            FROM (SELECT *, unit_measure || ' x 10^' || unit_mult AS unit FROM obs)
            WHERE category IS NOT NULL
            GROUP BY category
            ORDER BY category
        """)
    return {row["category"]: {"title": row["title"], "unit": row["unit"]} for row in rows}


def _has_moved(change: dict[str, Any], titles: dict[str, str]) -> bool:
    if change["unit"] != change["previous_unit"]:
        return True
    return change["title"] != change["previous_title"] and change["title"] in titles


def _described(change: dict[str, Any], titles: dict[str, str]) -> str:
    texts = []
    if change["unit"] != change["previous_unit"]:
        texts.append(f"was in {change['previous_unit']} and is now in {change['unit']}")
    if change["title"] != change["previous_title"]:
        known = titles.get(change["title"])
        whose = f" (formerly {known})" if known else ""
        texts.append(f"was {change['previous_title']!r} and is now {change['title']!r}{whose}")
    return f"{change['category']} {', '.join(texts)}"


def _retitled(changes: list[dict[str, Any]]) -> str:
    if not changes:
        return ""
    first = changes[0]
    return (
        f"; {counted(len(changes), 'title')} reworded, first: {first['category']} was "
        f"{first['previous_title']!r} and is {first['title']!r}"
    )
