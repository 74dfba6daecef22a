"""The messages of the kit: what is wrong, and what the author should do, without a traceback."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

from statpipe.api import StatpipeError

_QUOTED_LINES = 300


def broken(what: str, remedy: str) -> NoReturn:
    """
    End a test: *what* says which promise is broken, and *remedy* what to do.
    """
    __tracebackhide__ = True
    raise pytest.fail.Exception(f"{what}\n    What to do: {remedy}", pytrace=False) from None


def missing(contract: object, fixture: str, what: str) -> NoReturn:
    """
    End a test whose author has not overridden *fixture*, which should return *what*.
    """
    __tracebackhide__ = True
    pytest.fail(
        f"{type(contract).__name__} does not say what to test: it needs the fixture `{fixture}`, "
        f"{what}.\n    What to do: put it into the class:\n\n"
        f"        @pytest.fixture\n        def {fixture}(self):\n            return ...",
        pytrace=False,
    )


def not_tested(what: str, remedy: str) -> NoReturn:
    """
    End a test that is not possible: *what* is not tested, and *remedy* says what to add for it.

    It neither passes nor fails, but is reported.
    """
    __tracebackhide__ = True
    pytest.skip(f"not tested: {what}\n    What to give: {remedy}")


def told(error: BaseException) -> str:
    """
    Return an exception in one line: its type and text, and the line of the author's code.
    """
    text = " ".join(str(error).split())
    named = f"{type(error).__name__}: {text}" if text else type(error).__name__
    place = place_of(error)
    return f"{named[:_QUOTED_LINES]} ({place})" if place else named[:_QUOTED_LINES]


def place_of(error: BaseException) -> str:
    """
    Return the innermost line outside of Python, installed libraries and statpipe itself.
    """
    from statpipe.testing.author import is_library

    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not is_library(frame.filename):
            line = linecache.getline(frame.filename, frame.lineno or 0).strip()
            return f"{frame.filename}, line {frame.lineno}: {line}"
    return ""


@contextmanager
def foreseen(doing: str, remedy: str) -> Iterator[None]:
    """
    Turn an unexpected exception while *doing* something into a failed test.
    """
    __tracebackhide__ = True
    try:
        yield
    except StatpipeError as error:
        broken(f"{doing} raised {told(error)}", remedy)
    except Exception as error:  # noqa: BLE001 - whatever the author's code raises
        broken(f"{doing} raised {told(error)}", remedy)


def agree(found: object, wanted: object, what: str, remedy: str) -> None:
    """
    End a test if two things differ: *what* names the first.
    """
    __tracebackhide__ = True
    if found != wanted:
        broken(f"{what} is {_shortly(found)}; expected {_shortly(wanted)}", remedy)


def _shortly(thing: object) -> str:
    text = repr(thing)
    return text if len(text) <= _QUOTED_LINES else f"{text[:_QUOTED_LINES]}..."
