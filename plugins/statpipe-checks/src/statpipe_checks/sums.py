"""Declares which figures should add up to which totals, from code lists alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from statpipe.domain.dataset import Area, Category
from statpipe_checks.hierarchy import (
    Signed,
    aggregate_only,
    children,
    leaves,
    published_for,
    remainders,
)


@frozen(kw_only=True)
class Part:
    """
    A summand: a category of an area, in this dataset or in an agreeing one.
    """

    dataset: str
    ref_area: str
    category: str
    sign: int = 1


@frozen(kw_only=True)
class Sum:
    """
    The figure of an area and category, and the parts that it should be the sum of.

    ``dimension`` is the dimension of the sum. If ``rest_in`` is not empty, a part of the sum may be
    published only in that dataset, which is not available: then a difference proves nothing.
    """

    dimension: str
    dataset: str
    ref_area: str
    category: str
    parts: Sequence[Part]
    rest_in: str = ""


@frozen(kw_only=True)
class Sibling:
    """
    A dataset that agrees with this one; ``categories`` is ``None`` where it is not at hand.

    It may have lines that this dataset lacks, below the same total.
    """

    dataset: str
    pairs: Mapping[str, str]
    categories: Sequence[Category] | None


def area_sums(
    dataset: str,
    areas: Iterable[Area],
    categories: Sequence[Category],
    siblings: Sequence[Sibling] = (),
) -> Iterator[Sum]:
    """
    Declare that an area is the sum of its smallest parts and of a rest that belongs to none of
    them.
    """
    listed = tuple(areas)
    whole = {area.code for area in listed if area.parent is None}
    for area, parts in leaves(listed).items():
        own = remainders(categories, area, parts)
        shown = [
            (s, remainders(s.categories, area, parts)) for s in siblings if s.categories is not None
        ]
        for category in categories:
            if not _adds_up(category, area, parts):
                continue
            rest = [_part(dataset, area, signed) for signed in own.get(category.code, ())]
            rest = rest or _rest_in_sibling(area, category.code, shown)
            yield Sum(
                dimension="ref_area",
                dataset=dataset,
                ref_area=area,
                category=category.code,
                parts=[
                    *(Part(dataset=dataset, ref_area=p, category=category.code) for p in parts),
                    *rest,
                ],
                # Amounts that are not allocated to a part belong to the whole: regions have no such
                # rest.
                rest_in="" if rest or area not in whole else _unseen(category.code, siblings),
            )


def category_sums(
    dataset: str, areas: Iterable[str], categories: Sequence[Category]
) -> Iterator[Sum]:
    """
    Declare that a category is the sum of those directly below it that its area publishes.
    """
    known = {category.code: category for category in categories}
    below = {code: parts for code, parts in children(categories).items() if code in known}
    for area in areas:
        for code, candidates in below.items():
            parts = [c for c in candidates if published_for(c, area)]
            if parts and published_for(known[code], area):
                yield Sum(
                    dimension="category",
                    dataset=dataset,
                    ref_area=area,
                    category=code,
                    parts=[_part(dataset, area, (c.sign, c.code)) for c in parts],
                )


def _adds_up(category: Category, area: str, parts: frozenset[str]) -> bool:
    if not category.areas:
        return True
    return not aggregate_only(category, area, parts) and {area, *parts} <= set(category.areas)


def _part(dataset: str, area: str, signed: Signed) -> Part:
    sign, category = signed
    return Part(dataset=dataset, ref_area=area, category=category, sign=sign)


def _rest_in_sibling(
    area: str, category: str, shown: Iterable[tuple[Sibling, Mapping[str, list[Signed]]]]
) -> list[Part]:
    """Take the rest from the first dataset that has one, so that it does not count twice."""
    for sibling, rests in shown:
        rest = rests.get(sibling.pairs.get(category, ""), ())
        if rest:
            return [_part(sibling.dataset, area, signed) for signed in rest]
    return []


def _unseen(category: str, siblings: Iterable[Sibling]) -> str:
    names = [s.dataset for s in siblings if s.categories is None and category in s.pairs]
    return names[0] if names else ""
