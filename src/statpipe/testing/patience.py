"""Limits how often a source sends requests, and how long a test takes, so that each test of the kit
ends.
"""

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
"""How often a source may connect or sleep while the agency fails. The next run is tomorrow."""

_DEAF = 5
"""How often code may catch the exception that ends it."""
_LEFT = 3


@contextmanager
def patient(most: int = MOST_ASKED) -> Iterator[Callable[[], None]]:
    """
    End the test if a source connects or sleeps more often than *most*. Yield the function to call
    each time.

    The exception is not caught by ``except Exception``, so a source cannot treat it as another
    failure.
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
    The base class of all contracts: each test ends.
    """

    patience: ClassVar[float] = 300.0
    """Seconds after which a test is ended, if the system supports it."""

    @pytest.fixture(autouse=True)
    def _in_time(self, request: pytest.FixtureRequest) -> Iterator[None]:
        with in_time(self.patience, partial(leave, request.config)):
            yield


@contextmanager
def in_time(seconds: float, deaf: Callable[[str], None], *, again: float = 1.0) -> Iterator[None]:
    """
    End the test after a number of seconds, at any line. This only works in the main thread.

    If code catches the exception, it is raised *again* a few times, and then *deaf* is called.
    """
    usable = (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL  # otherwise pytest-timeout does it
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
    End the whole process, and print the reason where people see it.
    """
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    sys.stderr.write(f"\n{why}\n")
    sys.stderr.flush()
    os._exit(_LEFT)
