"""Compares titles and units: is a line still the same category? Its number alone does not tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from attrs import field, frozen

from statpipe.api import Category

_FOOTNOTE_MARK = re.compile(r"(\s+\d{1,2}/)+\s*$")
_BOUNDARY = re.compile(r"[:\]]\s")
_WORD = re.compile(r"[^\W_]+")

_SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_KINDS = frozenset({"constant", "chained", "real", "index", "percent", "dollar"})
"""Words for the kind of prices. BEA writes ``current`` or leaves it out."""


@frozen(kw_only=True)
class Accepted:
    """
    Texts that settings accept besides the code lists. ``titles`` maps category codes to new titles;
    ``units`` maps new spellings of units to known ones.
    """

    titles: Mapping[str, str] = field(factory=dict)
    units: Mapping[str, str] = field(factory=dict)

    def unit(self, printed: str, known: Collection[str]) -> str:
        """
        Return the known unit that equals a printed one, or else the printed one.

        Case, punctuation and plural do not matter. A new spelling counts if settings accept it.
        """
        if printed in known:
            return printed
        units = {plain(unit): unit for unit in known}
        accepted = {plain(new): old for new, old in self.units.items() if may_be_same(new, old)}
        same = units.get(plain(printed), accepted.get(plain(printed)))
        return same if same in units.values() and same is not None else printed


def plain(title: str) -> str:
    """
    Normalize a title for comparison: remove footnote marks, punctuation, case and plural.

    BEA may one day correct "Amusements parks" without meaning a new category.
    """
    words = _WORD.findall(_FOOTNOTE_MARK.sub("", title).casefold())
    return " ".join(word.removesuffix("s") or word for word in words)


def same_title(printed: str, category: Category, accepted: Mapping[str, str]) -> bool:
    """
    Return whether a CSV file's description is the category's title, or is accepted by settings.
    """
    return plain(printed) in {plain(category.name), plain(accepted.get(category.code, ""))} - {""}


def ends_in_title(printed: str, category: Category, accepted: Mapping[str, str]) -> bool:
    """
    Return whether the API's wording names the category.

    The API puts the table and the broader categories before a line's own title (``[SAPCE1] Goods:
    Durable goods``). The first line of a table may be worded more fully than in the CSV file.
    """
    ends = tails(printed)
    for title in (category.name, accepted.get(category.code, "")):
        wanted = plain(title)
        if wanted and (wanted in ends or (category.parent is None and wanted in plain(printed))):
            return True
    return False


def tails(printed: str) -> set[str]:
    """
    Return the possible titles in a wording: the whole text, and each part after a colon or bracket.

    A title may contain a colon itself ("Less: Receipts ..."), so every part counts.
    """
    return {plain(printed)} | {plain(printed[m.end() :]) for m in _BOUNDARY.finditer(printed)}


def without_table(printed: str) -> str:
    """
    Return the API's wording without the leading name of the table: ``[SAPCE1] Goods``.
    """
    return re.sub(r"^\s*\[[^\]]*\]\s*", "", printed).strip()


def may_be_same(printed: str, known: str) -> bool:
    """
    Return whether a unit may be a new spelling of another: same scale, kind, and base year.
    """
    return _meaning(printed) == _meaning(known)


def power_of_ten(unit: str) -> int:
    """
    Return the power of ten in the words of a unit: 6 for ``Millions of current dollars``.
    """
    return max((_SCALES.get(word, 0) for word in plain(unit).split()), default=0)


def other_title(
    where: str, printed: str, category: Category, categories: Iterable[Category]
) -> str:
    """
    Return the message for a line with another title: whose title it is, or how to accept it.
    """
    head = f"{where}: {category.code} is titled {printed.strip()!r}"
    ends = tails(printed)
    owners = [one for one in categories if one.code != category.code and plain(one.name) in ends]
    if owners:
        owner = max(owners, key=lambda one: len(one.name))
        return (
            f"{head}, which is the title of {owner.code}; expected {category.name!r}. BEA has "
            "renumbered or swapped its lines: statpipe-bea needs an update"
        )
    return (
        f"{head}; expected {category.name!r}. If it is the same category under a new title, accept it in "
        f'statpipe.toml: [normalizers.bea_regional.titles] "{category.code}" = "<the new title>"'
    )


def other_unit(where: str, printed: str, category: Category) -> str:
    """
    Return the message for a line in another unit, and how to accept it if it may be a new spelling.
    """
    known = category.unit_measure
    head = f"{where}: {category.code} is in {printed!r}; expected {known!r}"
    if may_be_same(printed, known):
        return (
            f"{head}. If it is the same unit with another spelling, accept it in statpipe.toml: "
            f'[normalizers.bea_regional.units] "{printed.strip()}" = "{known}"'
        )
    return f"{head}: the meaning of the line has changed"


def _meaning(unit: str) -> frozenset[str]:
    words = set(plain(unit).split())
    return frozenset(words & (_SCALES.keys() | _KINDS) | set(re.findall(r"\d+", unit)))
