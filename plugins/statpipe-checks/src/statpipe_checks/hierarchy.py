"""Who is a part of whom, in the code lists of areas and of categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from statpipe.domain.dataset import Area, Category

Signed = tuple[int, str]
"""A category with its sign relative to some category above it."""


def leaves(areas: Iterable[Area]) -> dict[str, frozenset[str]]:
    """
    Give for each area that has parts the smallest areas below it: states for regions and the US.
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
    Give for each category that has parts those directly below it.
    """
    found: dict[str, list[Category]] = {}
    for category in categories:
        if category.parent is not None:
            found.setdefault(category.parent, []).append(category)
    return found


def published_for(category: Category, area: str) -> bool:
    """
    Tell whether the agency publishes the category for this area.
    """
    return not category.areas or area in category.areas


def aggregate_only(category: Category, area: str, parts: frozenset[str]) -> bool:
    """
    Tell whether the category is published for the area as a whole and for none of its parts.
    """
    return area in category.areas and parts.isdisjoint(category.areas)


def remainders(
    categories: Iterable[Category], area: str, parts: frozenset[str]
) -> dict[str, list[Signed]]:
    """
    Give for each category what the area has beyond its parts: the categories below it that are
    published for the area as a whole only, such as what residents spend abroad.

    The sign is the product of the signs on the way up. Where one such category stands below
    another, the upper one already holds the lower.
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
    """Give the ancestors, nearest first; a code list that runs in a circle ends where it began."""
    found: list[str] = []
    parent = parents.get(code)
    while parent is not None and parent in parents and parent not in (code, *found):
        found.append(parent)
        parent = parents.get(parent)
    return found
