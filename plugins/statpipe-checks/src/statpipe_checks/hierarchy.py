"""The hierarchies in the code lists of areas and categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from statpipe.domain.dataset import Area, Category

Signed = tuple[int, str]
"""A category with its sign relative to a category above it."""


def leaves(areas: Iterable[Area]) -> dict[str, frozenset[str]]:
    """
    Return the smallest areas below each area that has parts: states for regions and the US.
    """
    parents = {area.code: area.parent for area in areas}
    aggregates = {parent for parent in parents.values() if parent in parents}
    below: dict[str, set[str]] = {code: set() for code in parents if code in aggregates}
    for code in parents:
        if code not in aggregates:
            for ancestor in _upwards(code, parents):
                below[ancestor].add(code)
    return {code: frozenset(parts) for code, parts in below.items() if parts}


def children(categories: Iterable[Category]) -> dict[str, list[Category]]:
    """
    Return the categories directly below each category that has parts.
    """
    found: dict[str, list[Category]] = {}
    for category in categories:
        if category.parent is not None:
            found.setdefault(category.parent, []).append(category)
    return found


def published_for(category: Category, area: str) -> bool:
    """
    Return whether the agency publishes the category for this area.
    """
    return not category.areas or area in category.areas


def aggregate_only(category: Category, area: str, parts: frozenset[str]) -> bool:
    """
    Return whether the category is published for the area as a whole and for none of its parts.
    """
    return area in category.areas and parts.isdisjoint(category.areas)


def remainders(
    categories: Iterable[Category], area: str, parts: frozenset[str]
) -> dict[str, list[Signed]]:
    """
    Return for each category the remainder that an area has beyond its parts: the categories below
    it that are only published for the area as a whole, such as spending of residents abroad.

    The sign is the product of the signs on the way up. If one such category is below another, only
    the upper one counts, because it includes the lower.
    """
    known = {category.code: category for category in categories}
    alone = {c.code for c in known.values() if aggregate_only(c, area, parts)}
    parents = {code: category.parent for code, category in known.items()}
    found: dict[str, list[Signed]] = {}
    for code in sorted(alone):
        sign = known[code].sign
        for ancestor in _upwards(code, parents):
            if ancestor in alone:
                break
            found.setdefault(ancestor, []).append((sign, code))
            sign *= known[ancestor].sign
    return found


def _upwards(code: str, parents: Mapping[str, str | None]) -> list[str]:
    """Yield the ancestors, nearest first. If the code list has a cycle, stop where it began."""
    found: list[str] = []
    parent = parents.get(code)
    while parent is not None and parent in parents and parent not in (code, *found):
        found.append(parent)
        parent = parents.get(parent)
    return found
