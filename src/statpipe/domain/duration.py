"""Durations in months and days, and SDMX ranges with them: ``2010-01-01/P1M``.

Source: SDMX 2.1, section 6, "Time Range"; XML Schema, ``xs:duration``.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

_DAY = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00:00(?:\.0+)?)?(?:Z|[-+][0-9]{2}:[0-9]{2})?", re.ASCII
)
_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.0+)?S)?)?",
    re.ASCII,
)


def days_of_range(text: str) -> tuple[date, date]:
    """
    Return the first and the last day of a range: a day, a slash, and a duration.

    :raises ValueError: The range does not begin with a day, or is not one or more whole days long.
    :raises OverflowError: The range ends after the last day of the calendar.
    """
    first, _, duration = text.partition("/")
    day, length = _DAY.fullmatch(first), _DURATION.fullmatch(duration)
    if day is None:
        msg = "it does not begin with a date"
        raise ValueError(msg)
    parts = {name: int(n or 0) for name, n in length.groupdict().items()} if length else {}
    months = 12 * parts.pop("years", 0) + parts.pop("months", 0)
    span = timedelta(**parts)
    if span % timedelta(days=1) or not (months or span):
        msg = f"its duration {duration} is not a whole number of days"
        raise ValueError(msg)
    start = date.fromisoformat(day[1])
    return start, months_later(start, months) + span - timedelta(days=1)


def months_later(day: date, months: int) -> date:
    """
    Return the same day of a later month.

    :raises ValueError: That month has no such day.
    """
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)
