"""Finds a date in an agency's answer, in any notation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

_EXCEL = date(1899, 12, 30)
"""The day from which spreadsheets count."""
_WORDS = r"[^\d\"'<>{}:=;]{1,25}"
_EPOCH = re.compile(r"(?<![\d.])(1\d{9})(?:\d{3})?(?![\d.])")


def names_day(texts: Iterable[str], day: date) -> bool:
    """
    Return whether a text contains this date: 2024-03-01, 1 March 2024, 3/1/24, 1709251200, or the
    day number of spreadsheets.
    """
    y, m, d = day.year, f"0?{day.month}", f"0?{day.day}"
    short = f"{y % 100:02d}"
    forms = (
        rf"{y}\D{{0,3}}{m}\D{{0,3}}{d}",
        rf"{d}\D{{0,3}}{m}\D{{0,3}}{y}",
        rf"{m}\D{{0,3}}{d}\D{{0,3}}{y}",
        rf"{d}([/.-]){m}\1{short}",
        rf"{m}/{d}/{short}",
        rf"{d}{_WORDS}{y}",
        rf"{(day - _EXCEL).days}(?:\.\d+)?",
    )
    patterns = [re.compile(rf"(?<!\d){form}(?!\d)") for form in forms]
    return any(
        any(pattern.search(text) for pattern in patterns)
        or any(_is_second_of(found[1], day) for found in _EPOCH.finditer(text))
        for text in texts
    )


def _is_second_of(seconds: str, day: date) -> bool:
    """Return whether a time is on this day in some time zone: all are within half a day of UTC."""
    return abs((datetime.fromtimestamp(int(seconds), UTC).date() - day).days) <= 1
