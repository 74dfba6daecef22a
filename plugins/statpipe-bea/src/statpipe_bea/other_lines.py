"""What to say of a line whose title or unit is not the one on record."""

from __future__ import annotations

from collections.abc import Iterable

from statpipe.api import Category
from statpipe_bea.accepted import may_be_same
from statpipe_bea.titles import owner_of


def other_title(
    where: str, printed: str, category: Category, categories: Iterable[Category]
) -> str:
    """
    Say that a line has another title, whose title that is, or how to accept it.
    """
    owner = owner_of(printed, categories, category)
    head = f"{where}: {category.code} is titled {printed.strip()!r}"
    if owner is not None:
        return (
            f"{head}, which is the title of {owner.code}; expected {category.name!r}. BEA has renumbered its "
            "lines, or two of them are swapped: statpipe-bea must learn the new numbers"
        )
    return (
        f"{head}; expected {category.name!r}. If it is the same category under a new title, accept it in "
        f'statpipe.toml: [normalizers.bea_regional.titles] "{category.code}" = "<the new title>"'
    )


def other_unit(where: str, printed: str, category: Category) -> str:
    """
    Say that a line is in another unit, and how to accept it if it may be a new spelling.
    """
    known = category.unit_measure
    head = f"{where}: {category.code} is in {printed!r}; expected {known!r}"
    if may_be_same(printed, known):
        return (
            f"{head}. If it is the same unit in another spelling, accept it in statpipe.toml: "
            f'[normalizers.bea_regional.units] "{printed.strip()}" = "{known}"'
        )
    return f"{head}: the line has changed its meaning"
