"""Time periods in SDMX notation, read in any common spelling and stored in one form.

Source: SDMX 2.1, section 6, "Time and Time Format", and its code list CL_FREQ.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from typing import Literal, get_args

from attrs import frozen

from statpipe.domain.duration import days_of_range, months_later

Frequency = Literal["A", "S", "T", "Q", "M", "W", "D", "B", "H", "I", "N"]
"""
SDMX CL_FREQ: annual, half-yearly, every four months, quarterly, monthly, weekly (ISO weeks), daily,
business days (Monday to Friday); hourly, and two codes for every minute. The last three have
date-times.
"""


def refuse_unknown_frequencies(where: str, codes: object) -> None:
    """
    Refuse invalid frequencies. There may be several, as in ``"MQ"``.

    :raises ValueError: A frequency is unknown, or the text is empty.
    """
    known = get_args(Frequency)
    if not isinstance(codes, str) or not codes or not set(codes) <= set(known):
        msg = f"{where}: freq is {codes!r}; expected a code of SDMX CL_FREQ: {', '.join(known)}"
        raise ValueError(msg)


FOREVER = date(9999, 12, 31)
"""The end date of figures that are still current, as in ALFRED."""

JANUARY = "--01-01"
"""The day on which a reporting year begins, as in SDMX's REPORTING_YEAR_START_DAY."""

DATE_TIMES = ("H", "I", "N")
EXAMPLES = {
    "A": "2023",
    "S": "2023-S1",
    "T": "2023-T1",
    "Q": "2023-Q1",
    "M": "2023-01",
    "W": "2023-W05",
    "D": "2023-01-31",
    "B": "2023-01-31",
    **dict.fromkeys(DATE_TIMES, "2023-01-31T10:00:00"),
}
"""An example of the form of each frequency."""

_MONTHS = {"A": 12, "S": 6, "T": 4, "Q": 3, "M": 1}
_YEAR = r"(?P<year>1[0-9]{3}|2[0-9]{3})"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = rf"{_YEAR}-{_MONTH}-(?P<day>[0-3][0-9])"
_OF_YEAR = rf"{_YEAR}-?D(?P<part>[0-9]{{1,3}})"
_TIME = (
    r"T(?:(?P<midnight>24:00(?::00(?:\.0+)?)?)"
    r"|(?P<time>(?:[01][0-9]|2[0-3]):[0-5][0-9])(?P<second>:[0-5][0-9](?:\.[0-9]+)?)?)"
)
_ZONE = r"(?P<zone>Z|[-+](?:0[0-9]|1[0-4]):[0-5][0-9])?"
_OF_DAYS = rf"(?:{_DAY}(?:T00:00:00(?:\.0+)?)?|{_OF_YEAR.replace('year', 'in_year')})"
_FORMS = {
    freq: form + _ZONE
    for freq, form in {
        "A": rf"{_YEAR}(?:-?A(?P<part>1))?",
        "S": rf"{_YEAR}-?[SH](?P<part>[12])",
        "T": rf"{_YEAR}-?T(?P<part>[1-3])",
        "Q": rf"{_YEAR}-?Q(?P<part>[1-4])",
        "M": rf"{_YEAR}(?:-{_MONTH}|-?M(?P<part>0?[1-9]|1[0-2]))",
        "W": rf"{_YEAR}-?W(?P<part>[0-5]?[0-9])",
        "D": _OF_DAYS,
        "B": _OF_DAYS,
        **dict.fromkeys(DATE_TIMES, _DAY + _TIME),
    }.items()
}


@frozen
class Period:
    """
    A period: its canonical text, its first day and its last.
    """

    text: str
    start: date
    end: date


def read_period(text: str, freq: str, year_start: str = JANUARY) -> Period:
    """
    Read a period in any common spelling: ``2023M01`` and ``2023-M01`` are ``2023-01``.

    Halves, thirds and quarters are counted from *year_start* in the year of the text, and so are
    numbered months and days: with ``--07-01``, ``2023-Q1`` begins on 1 July 2023, and ``2023-M01``
    is ``2023-07``. Calendar months, dates and ISO weeks do not depend on it.

    A range, such as ``2023-01-01/P1M``, is accepted if it is a period of the frequency. Only
    date-times keep a time zone: a period of whole days does not depend on it.

    :raises ValueError: The text is not a period of this frequency.
    """
    match = _pattern(freq).fullmatch(text)
    is_range = "/" in text and freq not in DATE_TIMES
    if match is None and not is_range:
        raise _wrong(text, freq)
    try:
        if match is None:
            return _of_range(text, freq, year_start)
        part = {name: value for name, value in match.groupdict().items() if value is not None}
        if freq in _MONTHS:
            return _of_months(part, freq, year_start)
        return _of_days(part, freq, year_start)
    except (ValueError, OverflowError) as error:
        raise _wrong(text, freq, str(error)) from None


def in_one_form(text: str) -> str:
    """
    Return a period in its stored form, from any common spelling of any frequency. Numbered months
    and days are counted from January. A text that is not a period is returned unchanged.
    """
    forms = _forms(text)
    return text if text in forms or not forms else forms[0]


def is_period(text: str) -> bool:
    """
    Return whether a text is a period of any frequency, in any common spelling.
    """
    return bool(_forms(text))


@cache
def _forms(text: str) -> tuple[str, ...]:
    found = []
    for freq in EXAMPLES:
        with suppress(ValueError):
            found.append(read_period(text, freq).text)
    return tuple(found)


def _of_months(part: dict[str, str], freq: str, year_start: str) -> Period:
    year, number, length = int(part["year"]), int(part.get("part", 1)), _MONTHS[freq]
    first = date(year, 1, 1) if "month" in part else _reporting_year(year, year_start)
    number = int(part.get("month", number))
    start = months_later(first, (number - 1) * length)
    end = months_later(first, number * length) - timedelta(days=1)
    if freq == "M":
        year, number = start.year, start.month
    return Period(_text(freq, year, number), start, end)


def _of_days(part: dict[str, str], freq: str, year_start: str) -> Period:
    if freq == "W":
        year, number = int(part["year"]), int(part["part"])
        start = date.fromisocalendar(year, number, 1)
        return Period(_text(freq, year, number), start, start + timedelta(days=6))
    if "in_year" in part:
        day = _day_of_year(int(part["in_year"]), int(part["part"]), year_start)
    else:
        day = date(int(part["year"]), int(part["month"]), int(part["day"]))
    if freq == "B" and day.isoweekday() > 5:  # noqa: PLR2004 - Friday
        msg = f"{day} is a {day:%A}, not a business day"
        raise ValueError(msg)
    if freq in DATE_TIMES:
        if "midnight" in part:
            day += timedelta(days=1)
        second, point, fraction = part.get("second", ":00").partition(".")
        fraction = fraction.rstrip("0")
        time = f"T{part.get('time', '00:00')}{second}{point if fraction else ''}{fraction}"
        return Period(f"{day.isoformat()}{time}{part.get('zone', '')}", day, day)
    return Period(day.isoformat(), day, day)


def _of_range(text: str, freq: str, year_start: str) -> Period:
    start, end = days_of_range(text)
    with suppress(ValueError):
        found = read_period(_beginning_on(start, freq, year_start), freq, year_start)
        if (found.start, found.end) == (start, end):
            return found
    msg = f"it is {start} to {end}"
    raise ValueError(msg)


def _beginning_on(day: date, freq: str, year_start: str) -> str:
    """Return the only period of a frequency that may begin on this day."""
    if freq == "W":
        return _text(freq, *day.isocalendar()[:2])
    if freq == "M":
        return _text(freq, day.year, day.month)
    if freq not in _MONTHS:
        return day.isoformat()
    year = day.year - (day < _reporting_year(day.year, year_start))
    first = _reporting_year(year, year_start)
    months = 12 * (day.year - year) + day.month - first.month
    return _text(freq, year, months // _MONTHS[freq] + 1)


def periods_between(first: str, last: str, freq: str) -> list[str]:
    """
    Return all periods of a frequency from *first* to *last*, both included.

    :raises ValueError: One of them is not a period of this frequency, or the frequency has
    date-times, which have no calendar.
    """
    return [
        period_at(place, freq) for place in range(place_of(first, freq), place_of(last, freq) + 1)
    ]


def place_of(text: str, freq: str) -> int:
    """
    Return the position of a period in the calendar of its frequency. The next period has the next
    position.

    :raises ValueError: The text is not a period of this frequency, or the frequency has date-times.
    """
    period = read_period(text, freq)
    if freq in _MONTHS:
        return (period.start.year * 12 + period.start.month - 1) // _MONTHS[freq]
    days = period.start.toordinal() - 1  # 0001-01-01 is a Monday
    if freq == "W":
        return days // 7
    if freq == "B":
        return days // 7 * 5 + days % 7
    if freq == "D":
        return days
    msg = f"date-times of frequency {freq} have no calendar"
    raise ValueError(msg)


def period_at(place: int, freq: str) -> str:
    """
    Return the period at this position of the calendar.
    """
    if freq in _MONTHS:
        in_a_year = 12 // _MONTHS[freq]
        return _text(freq, place // in_a_year, place % in_a_year + 1)
    if freq == "W":
        year, week, _ = date.fromordinal(place * 7 + 1).isocalendar()
        return _text(freq, year, week)
    days = place // 5 * 7 + place % 5 if freq == "B" else place
    return date.fromordinal(days + 1).isoformat()


def _text(freq: str, year: int, number: int) -> str:
    if freq == "A":
        return str(year)
    if freq == "M":
        return f"{year}-{number:02}"
    return f"{year}-W{number:02}" if freq == "W" else f"{year}-{freq}{number}"


def _reporting_year(year: int, year_start: str) -> date:
    month, day = year_start.removeprefix("--").split("-")
    return date(year, int(month), int(day))


def _day_of_year(year: int, number: int, year_start: str) -> date:
    first = _reporting_year(year, year_start)
    day = first + timedelta(days=number - 1)
    if not first <= day < _reporting_year(year + 1, year_start):
        msg = f"{year} has no day {number}"
        raise ValueError(msg)
    return day


@cache
def _pattern(freq: str) -> re.Pattern[str]:
    if freq not in _FORMS:
        msg = f"{freq!r} is not a frequency; expected one of {', '.join(EXAMPLES)}"
        raise ValueError(msg)
    return re.compile(_FORMS[freq], re.ASCII)


def _wrong(text: str, freq: str, why: str = "") -> ValueError:
    reason = f": {why}" if why else ""
    return ValueError(
        f"{text!r} is not a period of frequency {freq}{reason}; expected a form such as {EXAMPLES[freq]}"
    )
