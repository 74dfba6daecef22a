"""No test of the kit stands for ever: how often a source asks, and how long a test takes, is bounded here."""

from __future__ import annotations

import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar
from unittest import mock

import pytest

from statpipe.testing.wording import broken

MOST_ASKED = 200
"""So often a source may connect or sleep while the agency fails: the next run is tomorrow."""


@contextmanager
def patient(most: int = MOST_ASKED) -> Iterator[Callable[[], None]]:
    """
    End the test once a source connects more often than *most*, or sleeps, each time calling what this gives.

    What ends it passes through ``except Exception``: a source cannot take it for one more failure.
    """
    times: Counter[str] = Counter()

    def once_more(what: str) -> None:
        times[what] += 1
        if times[what] > most:
            broken(
                f"while the agency fails, the source asks {most} times and more",
                "try again a few times (statpipe.api.http.Client does, and the library stamina), then raise "
                "Unavailable",
            )

    def counting(name: str) -> Callable[..., Any]:
        real = getattr(socket.socket, name)

        def connect(self: socket.socket, *arguments: Any) -> Any:
            once_more("connects")
            return real(self, *arguments)

        return connect

    instead: dict[str, Any] = {name: counting(name) for name in ("connect", "connect_ex")}
    with mock.patch.multiple(socket.socket, **instead):
        yield partial(once_more, "sleeps")


class InTime:
    """
    What all contracts have in common: each test ends.
    """

    patience: ClassVar[float] = 300.0
    """After so many seconds a test is ended, where the system can do that."""

    @pytest.fixture(autouse=True)
    def _in_time(self) -> Iterator[None]:
        with in_time(self.patience):
            yield


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """
    End the test after so many seconds, wherever it stands; only the main thread can be ended so.
    """
    usable = (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL  # or pytest-timeout does it
    )
    if not usable:
        yield
        return

    def ended(*_: object) -> None:
        broken(
            f"after {seconds:g} seconds, this is still at work",
            "look for a loop that does not end, such as one that asks again for ever; if it is just slow, "
            "take a smaller example, or set `patience` in the class to more seconds",
        )

    before = signal.signal(signal.SIGALRM, ended)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
