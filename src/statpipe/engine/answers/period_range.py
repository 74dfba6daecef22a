"""A range of periods as a reader types it: ``2019:2021``, ``2023M01:``, ``:2020-Q4``."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from functools import cache

from attrs import frozen

from statpipe.domain.period import EXAMPLES, in_one_form, is_period, read_period

_DAY = len("2023-01-31")
_TO_THURSDAY = timedelta(days=3)
_LAST = "~"
"""It sorts after every character of a period."""

Instant = tuple[str, str]
"""A day and its time, for comparison; the time is empty for the beginning of the day, and ``~`` for
its end."""


@frozen
class PeriodRange:
    """
    A first and a last period, in Silver's form; empty for an open side.

    A period is within a range if all its days are, whatever its frequency: ``2019:2021`` has the
    months of 2021. A week belongs to the year, the quarter and the month of its Thursday, as ISO
    8601 counts weeks.
    """

    first: str
    last: str

    @property
    def is_backward(self) -> bool:
        """
        Return whether it ends before it begins.
        """
        return bool(self.last) and _span(self.last)[1] < _span(self.first)[0]

    @property
    def turned(self) -> str:
        """
        Return the range with its ends swapped.
        """
        return f"{self.last}:{self.first}"

    def within(self, texts: Iterable[str]) -> list[str]:
        """
        Return the periods within the range.
        """
        begin, end = _span(self.first)[0], _span(self.last)[1]
        spans = ((text, _span(text, weeks_by_thursday=True)) for text in texts)
        return [
            text
            for text, (start, last) in spans
            if begin <= start and (not self.last or last <= end)
        ]

    @property
    def texts(self) -> tuple[str, str]:
        """
        Return two texts between which all periods within the range sort, and others of these years.
        """
        return _year_of(self.first), _year_of(self.last) + _LAST if self.last else ""


def range_of(text: str) -> PeriodRange | None:
    """
    Read a range. ``None`` where the text is not one.
    """
    if ":" not in text or is_period(text):
        return None  # date-times contain colons
    colons = [place for place, sign in enumerate(text) if sign == ":"]
    pairs = [(text[:place], text[place + 1 :]) for place in colons]
    readable = [pair for pair in pairs if all(not one or is_period(one) for one in pair)]
    first, last = (readable or pairs)[0]
    return PeriodRange(in_one_form(first), in_one_form(last))


def _year_of(text: str) -> str:
    return text[:4] if is_period(text) else text


@cache
def _span(text: str, *, weeks_by_thursday: bool = False) -> tuple[Instant, Instant]:
    """Return where a period begins and ends. Other texts are compared as text."""
    day, time = text[:_DAY], text[_DAY:]
    if time.startswith("T"):
        return (day, time), (day, time)
    for freq in EXAMPLES:
        with suppress(ValueError):
            period = read_period(text, freq)
            start, end = period.start, period.end
            if freq == "W" and weeks_by_thursday:
                start = end = start + _TO_THURSDAY
            return (start.isoformat(), ""), (end.isoformat(), _LAST)
    return (text, ""), (text, _LAST)
