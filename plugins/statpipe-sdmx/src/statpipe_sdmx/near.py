"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near(name: str, known: Iterable[str]) -> str:
    """
    Return ``; did you mean 'x'?`` to put behind a message, or nothing where no name is near.
    """
    by_case = {one.upper(): one for one in known}
    found = get_close_matches(name.upper(), by_case, n=1)
    return f"; did you mean {by_case[found[0]]!r}?" if found else ""
