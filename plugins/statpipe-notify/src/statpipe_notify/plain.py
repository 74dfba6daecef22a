"""Texts of agencies and of errors, made fit for one line."""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> str:
    """
    Write a value as one line of printable characters.

    Line breaks would begin a new line of a table or a command, marks of direction would hide what a
    line says, and a lone surrogate could not be sent at all.
    """
    line = " ".join(str(value).split())
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line
    )


def shortened(text: str, limit: int, note: str) -> str:
    """
    Cut a text to *limit* characters, at the end of a line where that is possible.

    What was cut off is told by *note* in the last line.
    """
    if len(text) <= limit:
        return text
    kept = text[: max(0, limit - len(note) - 1)]
    return f"{kept[: kept.rfind(chr(10))] if chr(10) in kept else kept}\n{note}"
