"""Whether a line is still the category it was: by its title, not by its number alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from statpipe.api import Category

_FOOTNOTE_MARK = re.compile(r"(\s+\d{1,2}/)+\s*$")


def plain(title: str) -> str:
    """
    Reduce a title to what identifies it: no footnote marks, no outer blanks, no case.
    """
    return " ".join(_FOOTNOTE_MARK.sub("", title).casefold().split())


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
    text = plain(printed)
    for title in (category.name, accepted.get(category.code, "")):
        wanted = plain(title)
        if not wanted:
            continue
        if text == wanted or text.endswith((f": {wanted}", f"] {wanted}")):
            return True
        if category.parent is None and wanted in text:
            return True
    return False
