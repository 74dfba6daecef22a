"""What an agency allows in a period of time: requests, bytes and errors. Exceeding it leads to a
lock-out.

So we wait before we send.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence

from attrs import frozen

from statpipe.api.http.spending import Kind, Spending
from statpipe.domain.errors import Unavailable

logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Limits:
    """
    What may be used in any period of *seconds*: requests, bytes of answers, failed requests.

    An agency with a limit per minute and one per day has two of these. Keep a margin below what the
    agency allows: it counts with its own clock, and another program may use the same key.
    """

    requests: float = float("inf")
    bytes: float = float("inf")
    errors: float = float("inf")
    seconds: float = 60.0


class Window:
    """
    What was used in the last *seconds*.
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
        Return the seconds after which *amount* more fits; 0 if the window is empty.
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
    The windows of all limits and the lock-out of one key. For one thread.

    *who* is the agency, in messages. ``longest_wait`` is the longest wait in seconds; if more is
    needed, the run ends and says when to run again. What earlier runs *spent* counts too.
    """

    def __init__(
        self,
        limits: Sequence[Limits],
        *,
        who: str,
        longest_wait: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        spending: Spending | None = None,
    ) -> None:
        self._who = who
        self._longest_wait = longest_wait
        self._clock = clock
        self._sleep = sleep
        self._windows: list[tuple[Kind, Window]] = [
            (kind, Window(getattr(one, kind), one.seconds))
            for one in limits
            for kind in KINDS
            if getattr(one, kind) != float("inf")
        ]
        self._spending = spending
        self._largest = 0
        self._locked_until = float("-inf")
        if spending is not None:
            longest = max((one.seconds for one in limits), default=0)
            for age, kind, amount in spending.earlier(longest):
                self._count(kind, amount, clock() - age)

    def wait_for_room(self) -> None:
        """
        Wait until another request is allowed, and count it.

        :raises Unavailable: The wait would be too long.
        """
        while (pause := self._pause()) > 0:
            logger.info("waiting %.1f s for the limits of %s", pause, self._who)
            self._sleep(pause)
        self._spend("requests", 1)

    def received(self, size: int) -> None:
        """
        Count the bytes of an answer.
        """
        self._largest = max(self._largest, size)
        self._spend("bytes", size)

    def failed(self) -> None:
        """
        Count an error.
        """
        self._spend("errors", 1)

    def lock_out(self, seconds: float) -> None:
        """
        Send nothing for *seconds*, as the agency asked.
        """
        self._locked_until = max(self._locked_until, self._clock() + seconds)

    def _spend(self, kind: Kind, amount: float) -> None:
        self._count(kind, amount, self._clock())
        if self._spending is not None:
            self._spending.note(kind, amount)

    def _count(self, kind: Kind, amount: float, when: float) -> None:
        for of, window in self._windows:
            if of == kind:
                window.spend(amount, when)

    def _pause(self) -> float:
        now = self._clock()
        locked = self._locked_until - now
        if locked > self._longest_wait:
            raise Unavailable(
                f"{self._who} has locked us out for another {locked:.0f} s; run again after that",
                retry_after=locked,
            )
        # How large an answer will be is not known before; the largest so far is a fair guess.
        more = {"requests": 1, "bytes": self._largest, "errors": 1}
        full = max((window.wait(more[kind], now) for kind, window in self._windows), default=0.0)
        if full > self._longest_wait:
            raise Unavailable(
                f"{self._who} allows no more requests for {full:.0f} s because its limit is used "
                "up; run again after that",
                retry_after=full,
            )
        return max(locked, full)


KINDS: tuple[Kind, ...] = ("requests", "bytes", "errors")
