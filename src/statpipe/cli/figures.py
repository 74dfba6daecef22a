"""Figures as text: exact for programs, easy to read for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

_PLACES, _DIGITS = 2, 3
_TINY = 1e-9
"""Smaller parts are noise of doubles, or are shown with an exponent anyway."""


def readable(value: object) -> str:
    """
    Return a number for people: decimals exactly, with thousands separators; doubles with two
    decimal places, or more if needed to show three digits; an empty text for a missing value.
    """
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, float):
        return _double(value)
    return str(value)


def at_the_point(texts: Sequence[str]) -> list[str]:
    """
    Pad numbers on the right so that their decimal points are aligned when they are right-aligned.
    """
    behind = [len(text) - text.index(".") if "." in text else 0 for text in texts]
    widest = max(behind, default=0)
    padded = [text + " " * (widest - n) for text, n in zip(texts, behind, strict=True)]
    width = max(map(len, padded), default=0)
    return [text.rjust(width) for text in padded]


def _double(value: float) -> str:
    if value == 0:
        return "0"  # also for a negative zero
    if not math.isfinite(value):
        return str(value)
    if abs(value) < _TINY:
        return f"{value:.{_DIGITS - 1}e}"
    places = _DIGITS - 1 - math.floor(math.log10(abs(value)))
    return f"{value:,.{max(places, _PLACES)}f}"
