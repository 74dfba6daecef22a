"""Requests from Python in the form that the engine expects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from statpipe.api import ConfigError
from statpipe.engine.answers.as_of import day_of
from statpipe.engine.answers.words import ARGUMENTS, Words


def rows_asked(wanted: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """
    Return, for each column named, the texts that are wanted; ``period`` is ``time_period``.

    :raises ConfigError: A column is named twice, or no value is given, or one that is not text, number or date.
    """
    found: dict[str, tuple[str, ...]] = {}
    for argument, value in wanted.items():
        column = "time_period" if argument == "period" else argument
        if value is None:
            continue
        if column in found:
            raise ConfigError("period and time_period are the same; give one of them")
        values = [value] if isinstance(value, str) or not isinstance(value, Iterable) else [*value]
        found[column] = tuple(dict.fromkeys(_text(argument, one) for one in values))
        if not values:
            msg = f"{argument}=[] matches nothing; give values, or leave {argument} out to get all"
            raise ConfigError(msg)
    return found


def day_asked(day: str | date | None, words: Words = ARGUMENTS) -> date | None:
    """
    Return the day that a reader names.

    :raises ConfigError: It is not a date.
    """
    if isinstance(day, datetime):
        return day.date()
    return day_of(day, words) if isinstance(day, str) else day


def days_asked(first: str | date, last: str | date | None) -> tuple[date, date | None]:
    """
    Return the two days that a reader names, the last one if there is one.

    :raises ConfigError: One is not a date.
    """
    of_first, of_last = ARGUMENTS.of_two_days()
    begin = day_asked(first, of_first)
    if begin is None:
        raise ConfigError("from_=None is not a date; write year-month-day, such as 2021-01-01")
    return begin, day_asked(last, of_last)


def numbers_asked(nth: int | Iterable[int] | None) -> tuple[int, ...]:
    """
    Return the numbers of releases that a reader names; none means all.

    :raises ConfigError: One is negative, or not a whole number.
    """
    numbers = () if nth is None else (nth,) if isinstance(nth, int) else tuple(nth)
    for one in numbers:
        if not isinstance(one, int) or isinstance(one, bool) or one < 0:
            raise ConfigError(f"nth={one!r} is not a release number; 0 is the first release")
    return numbers


def _text(argument: str, value: object) -> str:
    if isinstance(value, str | date) or (isinstance(value, int) and not isinstance(value, bool)):
        text = str(value).strip()
        if text:
            return text
    msg = f"{argument}={value!r} is not a code, period, number or date, nor a list of these"
    raise ConfigError(msg)
