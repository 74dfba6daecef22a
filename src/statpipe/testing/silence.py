"""Observes how code waits for a server, and makes servers silent."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define

_METHODS = ("recv", "recv_into")


@define
class Waits:
    """
    How code waited for a server's answers. ``blocking`` says whether the kit can tell: asynchronous
    libraries measure the time themselves.
    """

    blocking: bool = False
    endless: bool = False


@contextmanager
def waits(*, silent: bool = False) -> Iterator[Waits]:
    """
    Observe how clients wait for answers. If *silent*, there is no answer, and each time-out ends at
    once.
    """
    found = Waits()

    def listening(name: str) -> Callable[..., Any]:
        real = getattr(socket.socket, name)

        def wait(self: socket.socket, *arguments: Any) -> Any:
            seconds = self.gettimeout()
            if seconds != 0.0 and not _is_server(sys._getframe(1)):  # noqa: SLF001
                found.blocking = True
                found.endless |= seconds is None
                if silent:
                    msg = "timed out"
                    raise TimeoutError(msg)
            return real(self, *arguments)

        return wait

    for name in _METHODS:
        setattr(socket.socket, name, listening(name))
    try:
        yield found
    finally:
        for name in _METHODS:
            delattr(socket.socket, name)


def _is_server(frame: Any) -> bool:
    """Return whether this is a server that waits for requests: one of Python's own library."""
    while frame is not None:
        if frame.f_globals.get("__name__") in {"socketserver", "http.server"}:
            return True
        frame = frame.f_back
    return False
