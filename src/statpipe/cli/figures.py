"""Figures as text: exact for programs, easy to read for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal


def exact(value: object) -> object:
    """
    Return what JSON and CSV can hold without loss: a decimal or date as text, all else as it is.
    """
    if isinstance(value, Decimal):
        return _without_zeros(f"{value:f}")
    return value.isoformat() if isinstance(value, date) else value


def readable(value: object) -> str:
    """
    Return a decimal exactly, with thousands separators; a double with two places; nothing for none.
    """
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return _without_zeros(f"{value:,f}")
    if isinstance(value, float):
        return f"{value:,.2f}"
    return str(value)


def at_the_point(texts: Sequence[str]) -> list[str]:
    """
    Pad numbers on the right so that, right-aligned, their decimal points stand below each other.
    """
    behind = [len(text) - text.index(".") if "." in text else 0 for text in texts]
    widest = max(behind, default=0)
    padded = [text + " " * (widest - n) for text, n in zip(texts, behind, strict=True)]
    width = max(map(len, padded), default=0)
    return [text.rjust(width) for text in padded]


def _without_zeros(text: str) -> str:
    # A lake's decimals have eight places, whatever the agency printed.
    return text.rstrip("0").rstrip(".") if "." in text else text
