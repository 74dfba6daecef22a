"""BEA's markers for figures that are not shown, and what they mean in SDMX's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

MARKER = re.compile(r"\([A-Z]{1,3}\)")


class Marker(NamedTuple):
    """
    An SDMX observation status, and the text to use where the payload brings none.
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


class NoteReference(NamedTuple):
    """
    A NoteRef taken apart: the marker that blanks the figure, if any, and plain footnotes.
    """

    marker: str | None
    footnotes: tuple[str, ...]


def note_reference(text: str | None) -> NoteReference:
    """
    Take a NoteRef apart: ``(L)``, ``2``, ``*``, or a marker beside a footnote, ``(D) 2``.

    :raises ValueError: It holds a marker that is not known, or two.
    """
    tokens = re.split(r"[\s,;]+", (text or "").strip())
    markers = [token for token in tokens if token.startswith("(")]
    unknown = [marker for marker in markers if marker not in MARKERS]
    if unknown or len(markers) > 1:
        msg = f"marker {text!r}; expected one of {', '.join(MARKERS)}"
        raise ValueError(msg)
    footnotes = tuple(token for token in tokens if token and not token.startswith("("))
    return NoteReference(markers[0] if markers else None, footnotes)
