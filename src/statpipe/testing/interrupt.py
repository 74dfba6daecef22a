"""Stops a piece of work somewhere in the middle, as Ctrl-C or a scheduler's signal does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_SPARED = {
    "__del__",
    "__exit__",
    "__set_name__",
    "_acquire_restore",
    "_release_save",
    "close",
    "release",
}
"""What Python itself calls to clean up: an interruption there would be lost, or leave a lock taken."""
_CHANGES = {
    "commit",
    "copy",
    "execute",
    "executemany",
    "link",
    "put",
    "rename",
    "replace",
    "sql",
    "unlink",
}


def steps_of(work: Callable[[], object]) -> int:
    """
    Do the work; return of how many steps (calls of functions in this thread) it consists.
    """
    return _run(work, None)


def changes_of(work: Callable[[], object]) -> list[int]:
    """
    Do the work; return the steps right after those that change what others see: a statement, a commit, a rename.
    """
    steps: dict[int, None] = {}

    def ended(name: str, count: int) -> None:
        if name in _CHANGES:
            steps[count + 1] = None

    _run(work, None, ended=ended)
    return list(steps)


def interrupted_at(work: Callable[[], object], step: int) -> bool:
    """
    Do the work until this step and raise ``KeyboardInterrupt`` there; tell whether it came to that.

    A library whose callback is interrupted may raise an error of its own instead: the engine takes that
    for an interruption as well.
    """
    raised: list[int] = []
    try:
        _run(work, step, raised.append)
    except KeyboardInterrupt:
        return True
    except Exception:
        if not raised:
            raise
        return True
    return False


def _run(
    work: Callable[[], object],
    last: int | None,
    tell: Callable[[int], object] | None = None,
    ended: Callable[[str, int], object] | None = None,
) -> int:
    count, before = 0, sys.getprofile()

    def profile(frame: FrameType, event: str, called: Any) -> None:
        nonlocal count
        name = called.__name__ if event.startswith("c_") else frame.f_code.co_name
        if event in {"return", "c_return"} and ended is not None:
            ended(name, count)
        if event not in {"call", "c_call"}:
            return
        count += 1
        if last is not None and count >= last and not {name, frame.f_code.co_name} & _SPARED:
            sys.setprofile(None)
            if tell is not None:
                tell(count)
            raise KeyboardInterrupt

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
