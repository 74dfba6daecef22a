"""External texts made visible: nothing in them acts on a terminal, and nothing is hidden."""

from __future__ import annotations

import re
import unicodedata

_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_SHOWS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that Unicode calls ignorable but Python calls printable: fillers and variation
selectors."""


def visible(text: object) -> str:
    r"""
    Return a text as one line of printable characters.

    Blanks of every kind become a plain blank. Whatever else is not printable is escaped as Python
    writes it: ``\n`` and other controls, ``\x1b`` of a terminal's commands, ``\u202e`` and other marks
    of direction, ``\u200b`` and all else that takes no room, and surrogates.
    """
    line = str(text)
    if line.isprintable() and not _SHOWS_NOTHING.search(line):
        return line
    return "".join(map(_seen, line))


def one_line(text: object) -> str:
    """
    Return a visible text without blanks at its ends or several in a row: line breaks become blanks.
    """
    return " ".join(visible(" ".join(str(text).split())).split())


def visible_lines(text: object) -> str:
    """
    Return a text of several lines, each made visible.
    """
    return "\n".join(map(visible, str(text).split("\n")))


def _seen(character: str) -> str:
    if character.isprintable() and not _SHOWS_NOTHING.match(character):
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    return _NAMED.get(character) or _escape(character)


def _escape(character: str) -> str:
    r"""
    Write a character as its number: ``\x1b``, ``\u202e`` or ``\U000e0041``.
    """
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
