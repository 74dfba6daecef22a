"""The check ``stable_descriptions``: descriptions of areas and categories have not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statpipe.api import CheckResult, Snapshot
from statpipe_checks.database import database
from statpipe_checks.numbers import combinations
from statpipe_checks.results import NO_EARLIER, counted
from statpipe_checks.table_check import TableCheck

if TYPE_CHECKING:
    import pyarrow as pa

_DESCRIBED = {
    "ref_area": {"geo_name": "name", "geo_level": "level", "geo_fips": "code of the agency"},
    "category": {"category_name": "title", "parent_category": "parent", "sign": "sign"},
}
_NOUNS = {"ref_area": "area", "category": "category"}
_COLUMNS = tuple(name for code, about in _DESCRIBED.items() for name in (code, *about))


class StableDescriptions(TableCheck):
    """
    Compare names, levels and codes of areas, and titles, parents and signs of categories.

    A state that becomes a region, or a category that gets another parent or sign, changes sums and
    maps although no figure changes. New units are reported by ``stable_categories``.
    """

    name = "stable_descriptions"
    needs = _COLUMNS
    about_revision = True

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Report each property of an area or category that has changed.
        """
        if previous is None:
            return self.unjudged(current, NO_EARLIER)
        changes = [
            {_NOUNS[code]: one, "property": word, "previous": was[name], "now": now[name]}
            for code, about in _DESCRIBED.items()
            for one, was, now in _common(code, tuple(about), previous.table, current.table)
            for name, word in about.items()
            if was[name] != now[name]
        ]
        if not changes:
            return self.fine(
                current,
                (f"areas and categories have the same descriptions as in {previous.vintage.id}"),
            )
        told = f"{counted(len(changes), 'description')} changed since {previous.vintage.id}"
        first = "; ".join(_worded(change) for change in changes[:3])
        more = f"; {len(changes) - 3:,} more" if len(changes) > 3 else ""  # noqa: PLR2004
        message = f"{told}: {first}{more}; check whether sums, maps and names still mean the same"
        return self.found(current, message, len(changes), changes)


def _common(
    code: str, about: tuple[str, ...], before: pa.Table, now: pa.Table
) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return the codes that both tables have, with their descriptions in each."""
    old, new = (_described(code, about, table) for table in (before, now))
    return [(one, old[one], new[one]) for one in sorted(old.keys() & new.keys())]


def _described(code: str, about: tuple[str, ...], table: pa.Table) -> dict[str, dict[str, Any]]:
    texts = ", ".join(
        f"""string_agg(DISTINCT "{name}"::VARCHAR, ' | ' ORDER BY "{name}"::VARCHAR) AS "{name}" """
        for name in about
    )
    with database(described=combinations(table, (code, *about))) as silver:
        rows = silver.rows(
            f"SELECT {code}, {texts} FROM described WHERE {code} IS NOT NULL GROUP BY {code}"  # noqa: S608
        )
    return {row.pop(code): row for row in rows}


def _worded(change: dict[str, Any]) -> str:
    noun = "area" if "area" in change else "category"
    was, now = (
        "none" if change[name] is None else repr(change[name]) for name in ("previous", "now")
    )
    return f"{change['property']} of {noun} {change[noun]} was {was} and is now {now}"
