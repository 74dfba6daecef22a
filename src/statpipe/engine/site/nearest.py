"""The name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, choices: Iterable[str]) -> str:
    """
    Return ``; did you mean 'x'?``, or a list of the choices, to put behind a message.
    """
    valid = sorted(choices)
    close = difflib.get_close_matches(name, valid, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(valid)}" if valid else "; there is none"
