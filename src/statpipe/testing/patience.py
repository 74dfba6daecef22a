"""No test of the kit runs without end: how often a source asks, and how long a test takes, is limited here."""

from __future__ import annotations

import os
import signal
import socket
import sys
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

_DEAF = 5
"""So often code may catch what ends it."""
_LEFT = 3


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
    def _in_time(self, request: pytest.FixtureRequest) -> Iterator[None]:
        with in_time(self.patience, partial(leave, request.config)):
            yield


@contextmanager
def in_time(seconds: float, deaf: Callable[[str], None], *, again: float = 1.0) -> Iterator[None]:
    """
    End the test after so many seconds, wherever it stands; only the main thread can be ended so.

    Code that catches whatever ends it is asked *again* a few times, and then *deaf* is called.
    """
    usable = (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL  # or pytest-timeout does it
    )
    if not usable:
        yield
        return

    asked: list[object] = []

    def ended(*_: object) -> None:
        asked.append(None)
        if len(asked) > _DEAF:
            deaf(
                "it catches whatever ends a test (`except:` or `except BaseException:`), and goes on without end: "
                "write `except Exception:` at most"
            )
        broken(
            f"after {seconds:g} seconds, this is still at work",
            "look for a loop that does not end, such as one that retries without end; if it is just slow, "
            "take a smaller example, or set `patience` in the class to more seconds",
        )

    before = signal.signal(signal.SIGALRM, ended)
    signal.setitimer(signal.ITIMER_REAL, seconds, again)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def leave(config: pytest.Config, why: str) -> None:
    """
    End the whole process, and say why where people see it.
    """
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    sys.stderr.write(f"\n{why}\n")
    sys.stderr.flush()
    os._exit(_LEFT)
