"""BEA's three budgets: requests, bytes and errors, each per key and minute.

Who overdraws one is locked out for a minute or for an hour. So we wait before we send.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from attrs import frozen

from statpipe.api import Unavailable

logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Limits:
    """
    What may be spent in any minute.

    BEA allows 100 requests, 100 MB and 30 errors; a margin is kept, since it counts with its own
    clock, and since another program may use the same key. ``longest_lock_out`` is how many seconds
    of a lock-out are waited for.
    """

    requests: int = 90
    bytes: int = 90_000_000
    errors: int = 20
    seconds: float = 60.0
    longest_lock_out: float = 120.0


class Window:
    """
    What was spent in the last *seconds*.
    """

    def __init__(self, limit: float, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._spent: deque[tuple[float, float]] = deque()
        self._total = 0.0

    def spend(self, amount: float, now: float) -> None:
        """
        Note that *amount* was spent.
        """
        self._spent.append((now, amount))
        self._total += amount

    def wait(self, amount: float, now: float) -> float:
        """
        Return the seconds after which *amount* more fits; 0 where the window is empty.
        """
        while self._spent and self._spent[0][0] + self._seconds <= now:
            self._total -= self._spent.popleft()[1]
        excess = self._total + amount - self._limit
        until = now
        for when, spent in self._spent:
            if excess <= 0:
                break
            excess -= spent
            until = when + self._seconds
        return until - now


class Budgets:
    """
    The three windows and the lock-out of one key. For one thread.
    """

    def __init__(
        self, limits: Limits, *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._sleep = sleep
        self._requests = Window(limits.requests, limits.seconds)
        self._bytes = Window(limits.bytes, limits.seconds)
        self._errors = Window(limits.errors, limits.seconds)
        self._largest = 0
        self._locked_until = float("-inf")

    def wait_for_room(self) -> None:
        """
        Wait until another request is allowed, and count it.

        :raises Unavailable: We are locked out for longer than is worth waiting.
        """
        while (pause := self._pause()) > 0:
            logger.info("waiting %.1f s for BEA's limits a minute", pause)
            self._sleep(pause)
        self._requests.spend(1, self._clock())

    def received(self, size: int) -> None:
        """
        Count the bytes of an answer.
        """
        self._largest = max(self._largest, size)
        self._bytes.spend(size, self._clock())

    def failed(self) -> None:
        """
        Count an error.
        """
        self._errors.spend(1, self._clock())

    def lock_out(self, seconds: float) -> None:
        """
        Send nothing for *seconds*, as BEA asked.
        """
        self._locked_until = max(self._locked_until, self._clock() + seconds)

    def _pause(self) -> float:
        now = self._clock()
        locked = self._locked_until - now
        if locked > self._limits.longest_lock_out:
            raise Unavailable(
                f"BEA has locked the key out for another {locked:.0f} s: run again then",
                retry_after=locked,
            )
        # How large an answer will be is not known before; the largest so far is a fair guess.
        return max(
            locked,
            self._requests.wait(1, now),
            self._bytes.wait(self._largest, now),
            self._errors.wait(1, now),
        )
