"""Whether a line is still the category it was: by its title, not by its number alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from statpipe.api import Category

_FOOTNOTE_MARK = re.compile(r"(\s+\d{1,2}/)+\s*$")
_BOUNDARY = re.compile(r"[:\]]\s")
_WORD = re.compile(r"[^\W_]+")


def plain(title: str) -> str:
    """
    Reduce a title to what identifies it: no footnote marks, punctuation, case or plural.

    BEA's "Amusements parks" may one day lose its first "s"; that makes no new category.
    """
    words = _WORD.findall(_FOOTNOTE_MARK.sub("", title).casefold())
    return " ".join(word.removesuffix("s") or word for word in words)


def same_title(printed: str, category: Category, accepted: Mapping[str, str]) -> bool:
    """
    Tell whether a CSV file's description is the category's title, or one accepted by settings.
    """
    return plain(printed) in {plain(category.name), plain(accepted.get(category.code, ""))} - {""}


def ends_in_title(printed: str, category: Category, accepted: Mapping[str, str]) -> bool:
    """
    Tell whether the API's wording names the category.

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
    Return what a wording may be the title of: all of it, and all that follows a colon or bracket.

    A title may itself hold a colon ("Less: Receipts ..."), so every tail counts.
    """
    return {plain(printed)} | {plain(printed[m.end() :]) for m in _BOUNDARY.finditer(printed)}


def owner_of(printed: str, categories: Iterable[Category], but: Category) -> Category | None:
    """
    Return another category whose title a wording ends in, the longest if there are several.
    """
    ends = tails(printed)
    others = [one for one in categories if one.code != but.code and plain(one.name) in ends]
    return max(others, key=lambda one: len(one.name), default=None)


def without_table(printed: str) -> str:
    """
    Return the API's wording without the name of the table in front: ``[SAPCE1] Goods``.
    """
    return re.sub(r"^\s*\[[^\]]*\]\s*", "", printed).strip()
