"""Which tests take long: an author who tries something may leave them out."""

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
    Tell whether a test is marked so.
    """
    return getattr(test, _MARK, False) is True
