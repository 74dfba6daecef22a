"""Asking again what may pass, for a bounded number of tries and seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import stamina
from attrs import frozen

from statpipe.api import StatpipeError

T = TypeVar("T")


@frozen(kw_only=True)
class Patience:
    """
    How long to go on: tries and seconds in all, and the growing waits in between, in seconds.
    """

    tries: int = 5
    seconds: float = 300.0
    first_wait: float = 1.0
    longest_wait: float = 30.0
    jitter: float = 1.0


class Passing(Exception):
    """
    A failure that may pass. *error* is what it comes to if it is met *tries* times.

    *wait* is for how many seconds the agency wants to be left alone.
    """

    def __init__(self, error: StatpipeError, *, tries: int | None = None, wait: float = 0) -> None:
        super().__init__(str(error))
        self.error = error
        self.tries = tries
        self.wait = wait


def persist(
    attempt: Callable[[], T],
    *,
    patience: Patience,
    clock: Callable[[], float],
    longest_lock_out: float,
) -> T:
    """
    Call *attempt* until it returns, or raises something other than :class:`Passing`.

    :raises StatpipeError: It did not pass; the text says how often it was tried.
    """
    started, made = clock(), 0
    seen: Counter[int] = Counter()

    def counted() -> T:
        nonlocal made
        made += 1
        return attempt()

    def is_worth_it(error: Exception) -> bool:
        if not isinstance(error, Passing):
            return False
        allowed = error.tries or patience.tries
        seen[allowed] += 1
        return (
            seen[allowed] < allowed
            and error.wait <= longest_lock_out
            and clock() - started + error.wait < patience.seconds
        )

    caller = stamina.RetryingCaller(
        attempts=patience.tries,
        timeout=None,  # is_worth_it looks at the clock, which tests can move
        wait_initial=patience.first_wait,
        wait_max=patience.longest_wait,
        wait_jitter=patience.jitter,
    )
    try:
        return caller(is_worth_it, counted)
    except Passing as passing:
        error = passing.error
    if made > 1:
        error.args = (f"{error} (tried {made} times)",)
    raise error


def retry_after(header: str, now: datetime) -> float | None:
    """
    Return the seconds that a Retry-After header asks for, in seconds or as an HTTP date.
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
