"""BEA's markers for figures that are not shown, and the SDMX status of each."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from statpipe.domain.text import WHITE_SPACE, stripped

MARKER = re.compile(r"\([A-Z]{1,3}\)")


class Marker(NamedTuple):
    """
    An SDMX observation status, and the text to use if the payload has none.
    """

    status: str
    text: str


MARKERS: Mapping[str, Marker] = {
    "(D)": Marker(
        "Q",
        "Not shown to avoid disclosure of confidential information; estimates are included in "
        "higher-level totals.",
    ),
    "(L)": Marker("N", "Less than $50,000."),
    "(NA)": Marker("O", "Not available."),
    "(NM)": Marker("M", "Not meaningful."),
}
"""Q suppressed, N not significant, O missing, M cannot exist (SDMX CL_OBS_STATUS 2.2)."""

_SPELLINGS = {spelling: marker for marker in MARKERS for spelling in (marker, marker.strip("()"))}
_SEPARATORS = frozenset(WHITE_SPACE + ",;/")


_LONGEST = 200
_LIKE_A_MARKER = re.compile(r"\([A-Z]{1,3}\)|\b[A-Z]{1,3}\b|^n\.?a\.?$", re.IGNORECASE)
_NOT_SHOWN = re.compile(
    r"\bnot\s+(shown|available|meaningful|disclosed|published|applicable)\b|\b(disclos|suppress|withh[eo]ld|"
    r"confidential|unavailable|less than)",
    re.IGNORECASE,
)


class NoteReference(NamedTuple):
    """
    The parts of a NoteRef: the marker that replaces the figure, if any, and plain footnotes.
    """

    marker: str | None
    footnotes: tuple[str, ...]

    def may_blank(self, notes: Mapping[str, str]) -> bool:
        """
        Return whether a footnote may mean that the figure is not shown: it looks like an unknown
        marker, such as ``(S)`` or ``S``, or *notes* say so.
        """
        return any(
            _LIKE_A_MARKER.search(one) or _NOT_SHOWN.search(notes[one]) for one in self.footnotes
        )

    def text(self, notes: Mapping[str, str]) -> str | None:
        """
        Return the texts of the references in *notes*, each once.
        """
        texts = [notes[one] for one in self.footnotes]
        if self.marker:
            bare = notes.get(self.marker.strip("()"), MARKERS[self.marker].text)
            texts.insert(0, notes.get(self.marker, bare))
        return " ".join(dict.fromkeys(filter(None, texts))) or None


def note_reference(text: str, defined: Collection[str]) -> NoteReference:
    """
    Split a NoteRef into markers and references that Notes define, in any order.

    ``(L)``, ``2``, ``*``, ``(D) 2``, ``*(D)``, ``2,(L)``; a marker may lack its brackets (``NA``).

    :raises ValueError: A part is neither of them, or there are two markers.
    """
    printed = stripped(text)
    if len(printed) > _LONGEST:
        msg = f"NoteRef {text[:40]!r}... has {len(text):,} characters; expected a few"
        raise ValueError(msg)
    parts = [printed] if printed in defined else _parts(printed, {*defined, *_SPELLINGS})
    markers = list(dict.fromkeys(_SPELLINGS[part] for part in parts if part in _SPELLINGS))
    if len(markers) > 1:
        msg = f"NoteRef {text!r}; expected one marker, not {' and '.join(markers)}"
        raise ValueError(msg)
    footnotes = dict.fromkeys(part for part in parts if part not in _SPELLINGS)
    return NoteReference(markers[0] if markers else None, tuple(footnotes))


def _parts(text: str, known: Collection[str]) -> list[str]:
    """
    Split a text into known references, trying the longest first. Only separators may be between
    them.
    """
    lengths = sorted({len(one) for one in known if len(one) <= len(text)}, reverse=True)
    parts: list[str] = []
    place = 0
    while place < len(text):
        ends = (place + length for length in lengths)
        end = next((e for e in ends if text[place:e] in known and _stands_alone(text, place, e)), 0)
        if end:
            parts.append(text[place:end])
        elif text[place] not in _SEPARATORS:
            raise _unknown(text, known)
        place = end or place + 1
    if text and not parts:
        raise _unknown(text, known)
    return parts


def _stands_alone(text: str, start: int, end: int) -> bool:
    """
    Return whether a part is not a piece of a longer one: ``1`` of ``12``, ``*`` of ``**``, ``NA``
    of ``NAME``.
    """
    return not any(
        _goes_on(text[place - 1], text[place]) for place in (start, end) if 0 < place < len(text)
    )


def _goes_on(one: str, other: str) -> bool:
    return one == other or (one.isalnum() and other.isalnum())


def _unknown(text: str, known: Collection[str]) -> ValueError:
    names = ", ".join(sorted(set(known) - (_SPELLINGS.keys() - MARKERS.keys())))
    return ValueError(
        f"NoteRef {text!r} is neither a marker nor a reference in Notes; expected one of {names:.200}"
    )
