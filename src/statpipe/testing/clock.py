"""Moves clocks, and makes sleep take no time."""

from __future__ import annotations

import datetime as dt
import os
import time as times
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

_REAL = {name: getattr(times, name) for name in dir(times) if callable(getattr(times, name))}
_DATETIME: Any = dt.datetime
_DATE: Any = dt.date


class _LikeDatetime(type):
    def __instancecheck__(cls, thing: object) -> bool:
        return isinstance(thing, _DATETIME)


class _LikeDate(type):
    def __instancecheck__(cls, thing: object) -> bool:
        return isinstance(thing, _DATE)


@contextmanager
def clock_moved(days: int, modules: Iterable[ModuleType] = ()) -> Iterator[None]:
    """
    Move all clocks by a number of *days*, for these modules and for those loaded inside the block.

    Compiled modules must be loaded earlier, because they need the original ``datetime``. So code
    runs once with *days* 0, which changes nothing, and then again.
    """
    if not days:
        yield
        return
    instead = _clocks_off_by(days * 86_400.0)
    names = {name: instead[_REAL[name]] for name in _CLOCKS}
    with (
        mock.patch.multiple(dt, datetime=instead[_DATETIME], date=instead[_DATE]),
        mock.patch.multiple(times, **names),
        _replaced_in(modules, instead),
    ):
        yield


@contextmanager
def time_zone(zone: str) -> Iterator[None]:
    """
    Set the time zone of this process, in POSIX's notation.
    """
    try:
        with mock.patch.dict(os.environ, TZ=zone):
            times.tzset()
            yield
    finally:
        times.tzset()


@contextmanager
def quick_sleep(
    modules: Iterable[ModuleType] = (), once_more: Callable[[], None] = lambda: None
) -> Iterator[list[float]]:
    """
    Let ``time.sleep`` return at once and move the clocks as if it had slept. Yield the times slept.

    *once_more* is called at each sleep.
    """
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(float(seconds))
        once_more()
        _REAL["sleep"](0)

    def later(name: str) -> Any:
        return lambda: _REAL[name]() + sum(slept)

    names = {name: later(name) for name in ("time", "monotonic", "perf_counter")}
    names["sleep"] = sleep
    instead = {_REAL[name]: other for name, other in names.items()}
    with mock.patch.multiple(times, **names), _replaced_in(modules, instead):
        yield slept


@contextmanager
def _replaced_in(modules: Iterable[ModuleType], instead: Mapping[Any, Any]) -> Iterator[None]:
    """Replace names that modules have imported."""
    changed: list[tuple[ModuleType, str, Any]] = []
    for module in modules:
        for name, value in list(vars(module).items()):
            if any(value is real for real in instead):
                changed.append((module, name, value))
                setattr(module, name, instead[value])
    try:
        yield
    finally:
        for module, name, value in changed:
            setattr(module, name, value)


_CLOCKS = ("time", "time_ns", "localtime", "gmtime", "ctime", "strftime")


def _clocks_off_by(seconds: float) -> dict[Any, Any]:
    """Map each clock of Python to one that is off by a number of seconds."""
    delta = dt.timedelta(seconds=seconds)

    class Datetime(_DATETIME, metaclass=_LikeDatetime):  # type: ignore[misc]
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return _DATETIME.now(tz) + delta

        @classmethod
        def utcnow(cls) -> Any:
            return _DATETIME.now(dt.UTC).replace(tzinfo=None) + delta

        @classmethod
        def today(cls) -> Any:
            return _DATETIME.now() + delta

    class Date(_DATE, metaclass=_LikeDate):  # type: ignore[misc]
        @classmethod
        def today(cls) -> Any:
            return (_DATETIME.now() + delta).date()

    real = _REAL

    def now(given: float | None) -> float:
        return float(real["time"]()) + seconds if given is None else given

    return {
        _DATETIME: Datetime,
        _DATE: Date,
        real["time"]: lambda: real["time"]() + seconds,
        real["time_ns"]: lambda: real["time_ns"]() + int(seconds * 1e9),
        real["localtime"]: lambda given=None: real["localtime"](now(given)),
        real["gmtime"]: lambda given=None: real["gmtime"](now(given)),
        real["ctime"]: lambda given=None: real["ctime"](now(given)),
        real["strftime"]: lambda form, given=None: real["strftime"](
            form, real["localtime"](now(None)) if given is None else given
        ),
    }
