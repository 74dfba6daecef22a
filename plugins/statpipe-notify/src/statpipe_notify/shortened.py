"""Shortens a text to the length that a receiver accepts."""

from __future__ import annotations


def shortened(text: str, limit: int, note: str) -> str:
    """
    Cut a text to *limit* characters, at the end of a line where that is possible.

    The last line is *note*, which says what was cut off.
    """
    if len(text) <= limit:
        return text
    kept = text[: max(0, limit - len(note) - 1)]
    return f"{kept[: kept.rfind(chr(10))] if chr(10) in kept else kept}\n{note}"
