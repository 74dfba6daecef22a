"""Figures as agencies print them, read to the last digit."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from statpipe.domain.text import stripped


def exact(printed: str, *, mark: str = ".", grouping: str = "") -> Decimal:
    """
    Read a printed figure: sign, digits, decimals, a power of ten as in ``1.2E-05``, and surrounding
    white space.

    *mark* separates the decimals, *grouping* the thousands: ``exact("1852976.3")``,
    ``exact("1,852,976.3", grouping=",")``, ``exact("1.852.976,3", mark=",", grouping=".")``. If
    *grouping* has several characters, such as a blank and a no-break space, a figure may only use
    one of them.

    :raises TypeError: The figure is not text. A float may already have lost digits.
    :raises ValueError: The text is not a figure of this form; for example, a separator is
        misplaced.
    """
    if not isinstance(printed, str):
        msg = f"{printed!r} is {type(printed).__name__}, expected the text that the agency prints"
        raise TypeError(msg)
    figure = stripped(printed)
    if not _pattern(mark, grouping).fullmatch(figure):
        msg = f"{printed!r} is not a figure"
        raise ValueError(msg)
    return Decimal(figure.translate(dict.fromkeys(map(ord, grouping))).replace(mark, "."))


@cache
def _pattern(mark: str, grouping: str) -> re.Pattern[str]:
    whole = "[0-9]+"
    if grouping:
        thousands = "[0-9]{3}"
        first = rf"[0-9]{{1,3}}([{re.escape(grouping)}]){thousands}"
        whole = rf"(?:{first}(?:\1{thousands})*|{whole})"
    return re.compile(rf"-?{whole}(?:{re.escape(mark)}[0-9]+)?(?:[eE][-+]?[0-9]{{1,9}})?")
