"""Calls that wait for a disk or a server, made in the background while the processor is busy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from statpipe.api import StatpipeError

_A = TypeVar("_A")
_T = TypeVar("_T")


class Background(Generic[_T]):
    """
    Makes calls at the same time. Their results are taken in the order of the calls.
    """

    def __init__(
        self, threads: ThreadPoolExecutor, take: Callable[[_T], object], at_once: int
    ) -> None:
        self._threads = threads
        self._take = take
        self._at_once = at_once
        self._waiting: deque[Future[_T]] = deque()

    def call(self, function: Callable[..., _T], *args: Any) -> None:
        """
        Begin a call; wait where too many are under way. Raises what an earlier call raises.
        """
        # The thread knows what the caller knows: the run id of log lines.
        self._waiting.append(self._threads.submit(copy_context().run, function, *args))
        self._settle(self._at_once)

    def finish(self) -> None:
        """
        Wait for all calls. Raises what one of them raises.
        """
        self._settle(0)

    def give_up(self) -> None:
        """
        Wait as well, after a failure: the results of what fails are left out.
        """
        while self._waiting:
            with suppress(StatpipeError):
                self.finish()

    def _settle(self, most: int) -> None:
        while len(self._waiting) > most:
            self._take(self._waiting.popleft().result())


def side_by_side(function: Callable[[_A], _T], arguments: Iterable[_A], at_once: int) -> list[_T]:
    """
    Call a function with each argument, at most so many *at once*; give the results in order.
    """
    results: list[_T] = []
    with background(results.append, at_once) as calls:
        for argument in arguments:
            calls.call(function, argument)
        calls.finish()
    return results


def each_in_turn(
    function: Callable[[_A], _T], arguments: Iterable[_A], at_once: int
) -> Iterator[_T]:
    """
    Give the result of a function for each argument, in order, while the next ones are under way, at most so many *at
    once*. What a call raises is raised in its turn; the calls after it are not begun.
    """
    if at_once <= 1:
        yield from map(function, arguments)
        return
    with ThreadPoolExecutor(at_once, thread_name_prefix="statpipe-in-turn") as threads:
        calls = [threads.submit(copy_context().run, function, one) for one in arguments]
        try:
            for call in calls:
                yield call.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


@contextmanager
def background(take: Callable[[_T], object], at_once: int) -> Iterator[Background[_T]]:
    """
    Give a background for at most so many calls *at once*. On leaving, all calls have ended.
    """
    with ThreadPoolExecutor(at_once, thread_name_prefix="statpipe-background") as threads:
        yield Background(threads, take, at_once)
