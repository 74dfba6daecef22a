"""The name that the user probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LISTED = 40
"""The most choices that a message lists; if there are more, it lists none."""


def nearest(name: str, choices: Iterable[str]) -> str:
    """
    Return ``; did you mean 'x'?`` as the end of a message. If no choice is similar, list all of
    them, unless there are too many. Upper and lower case are not distinguished.
    """
    valid = sorted(choices)
    by_case = {one.upper(): one for one in valid}
    close = difflib.get_close_matches(name.upper(), by_case, n=1)
    if close:
        return f"; did you mean {by_case[close[0]]!r}?"
    if not valid:
        return "; there is none"
    return f"; there are {', '.join(valid)}" if len(valid) <= _LISTED else ""
