"""Retries after temporary failures, for a bounded number of tries and seconds."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from attrs import frozen

from statpipe.domain.errors import StatpipeError

T = TypeVar("T")

logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Patience:
    """
    How long to retry: tries and seconds in all, and the growing waits in between, in seconds.

    ``longest_lock_out`` is how many seconds to wait at most if the agency asks for a pause.
    """

    tries: int = 5
    seconds: float = 300.0
    first_wait: float = 1.0
    longest_wait: float = 30.0
    jitter: float = 1.0
    longest_lock_out: float = 120.0


class Passing(Exception):
    """
    A failure that may be temporary. *error* is raised after *tries* failures.

    *wait* is how many seconds the agency asks to wait.
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
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """
    Call *attempt* until it returns, or raises something other than :class:`Passing`.

    The waits between tries grow, and are at least as long as the agency asks for.

    :raises StatpipeError: All tries failed; the text says how many there were.
    """
    import stamina

    started, made, pause = clock(), 0, 0.0
    seen: Counter[int] = Counter()

    def counted() -> T:
        nonlocal made
        if pause > 0:
            logger.info("waiting %.0f s, as the agency requests", pause)
            sleep(pause)
        made += 1
        return attempt()

    def is_worth_it(error: Exception) -> bool:
        nonlocal pause
        if not isinstance(error, Passing):
            return False
        pause = error.wait
        allowed = error.tries or patience.tries
        seen[allowed] += 1
        return (
            seen[allowed] < allowed
            and error.wait <= patience.longest_lock_out
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
