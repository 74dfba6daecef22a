"""The meaning of a figure's footnotes."""

from __future__ import annotations

from collections.abc import Mapping

NO_FIGURE = "-"
_PRELIMINARY = "P"
_NOT_SHOWN = ("disclos", "confidential")


def status_of(codes: str, notes: str, *, has_figure: bool) -> str:
    """
    Return the status in SDMX's CL_OBS_STATUS: ``P`` for preliminary figures. A missing figure is
    ``Q`` if a footnote mentions disclosure, otherwise ``O``.
    """
    if not has_figure:
        return "Q" if any(word in notes.lower() for word in _NOT_SHOWN) else "O"
    return "P" if _PRELIMINARY in split(codes) else "A"


def split(codes: str) -> list[str]:
    """
    Return the codes in a list such as ``P,R``.
    """
    return [code for part in codes.split(",") if (code := part.strip())]


def text_of(codes: str, texts: Mapping[str, str]) -> str:
    """
    Return the texts of footnotes. An unlisted code is returned as its own text.
    """
    return "; ".join(texts.get(code, code) for code in split(codes))
