"""Marks slow tests, which authors may leave out during their work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])
_MARK = "statpipe_thorough"


def thorough(test: Test) -> Test:
    """
    Mark a test that ``--quick`` leaves out.
    """
    setattr(test, _MARK, True)
    return test


def is_thorough(test: object) -> bool:
    """
    Return whether a test has this mark.
    """
    return getattr(test, _MARK, False) is True
