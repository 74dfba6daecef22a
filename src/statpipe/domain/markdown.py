"""External texts in Markdown, escaped so that Markdown, HTML and links in them have no effect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from statpipe.domain.visible import one_line

_HARMLESS = frozenset(" .,-/%+='()?;")
_ALONE = (
    re.compile(r"(?<!\S)[^\s:]*\w:(?=\d[^\s:]*(?!\S)|(?!\S))"),
    re.compile(r"(?<=[^\W_])_(?=[^\W_])"),
)
"""A colon or underscore that is neither an emoji, an address nor emphasis: ``SAPCE1:18``, ``ref_area``."""
_BEGINNING = re.compile(r"[-+=]|\d{1,9}[.)](?= |$)")
"""Characters that begin a list, a rule or a heading at the start of a line, and are harmless
elsewhere."""


def escaped(value: Any, *, begins_line: bool = True) -> str:
    """
    Escape a value so that Markdown shows it unchanged, on one line. If it does not begin a line, as
    in a table cell, it keeps its minus.

    Entities are never markup in Markdown, so the context does not matter.
    """
    text = one_line(value)
    begun = _BEGINNING.match(text) if begins_line else None
    marker = begun.end() - 1 if begun else -1
    alone = {match.end() - 1 for one in _ALONE for match in one.finditer(text)}
    return "".join(
        character
        if at in alone or (at != marker and _is_harmless(character))
        else f"&#{ord(character)};"
        for at, character in enumerate(text)
    )


def as_table(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """
    Return the lines of a table, followed by an empty line.
    """
    yield f"| {' | '.join(map(_as_cell, columns))} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(map(_as_cell, row))} |"
    yield ""


def _as_cell(value: Any) -> str:
    return escaped(value, begins_line=False)


def _is_harmless(character: str) -> bool:
    return character.isalnum() or character in _HARMLESS or not character.isascii()
