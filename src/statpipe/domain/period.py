"""Time periods in SDMX's notation."""

from __future__ import annotations

import re
from datetime import date

_YEAR = r"(?P<year>1[0-9]{3}|2[0-9]{3})"
_PATTERNS = {
    "A": re.compile(_YEAR),
    "S": re.compile(_YEAR + r"-S(?P<part>[12])"),
    "Q": re.compile(_YEAR + r"-Q(?P<part>[1-4])"),
    "M": re.compile(_YEAR + r"-(?P<part>0[1-9]|1[0-2])"),
}
_FORMS = {"A": "{year}", "S": "{year}-S{part}", "Q": "{year}-Q{part}", "M": "{year}-{part:02}"}
_MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}

FOREVER = date(9999, 12, 31)
"""The end of what still stands, as ALFRED has it."""


def period_start(time_period: str, freq: str) -> date:
    """
    Return the first day of a period: ``2023`` (A), ``2023-S1``, ``2023-Q1`` or ``2023-05`` (M).

    :raises ValueError: The text is no period of this frequency.
    """
    match = _PATTERNS[freq].fullmatch(time_period)
    if match is None:
        msg = f"{time_period!r} is no period of frequency {freq}"
        raise ValueError(msg)
    part = int(match.groupdict().get("part") or 1)
    return date(int(match["year"]), (part - 1) * _MONTHS[freq] + 1, 1)


def periods_between(first: str, last: str, freq: str) -> list[str]:
    """
    Return all periods of a frequency from *first* to *last*, both included.

    :raises ValueError: One of them is no period of this frequency.
    """
    length = _MONTHS[freq]
    start, end = (
        (day.year * 12 + day.month - 1) // length
        for day in (period_start(first, freq), period_start(last, freq))
    )
    in_a_year = 12 // length
    return [
        _FORMS[freq].format(year=number // in_a_year, part=number % in_a_year + 1)
        for number in range(start, end + 1)
    ]
