"""Listens to how code waits for a server, and lets servers say nothing."""

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
    How a server's answers were waited for. ``blocking`` is whether that was done in a way in which the
    kit can tell: asynchronous libraries watch over the time themselves.
    """

    blocking: bool = False
    endless: bool = False


@contextmanager
def waits(*, silent: bool = False) -> Iterator[Waits]:
    """
    Listen to how clients wait for answers. If *silent*, none comes, and each time-out is over at once.
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
    """Tell whether it is a server that waits for what it is asked: servers of Python's own library."""
    while frame is not None:
        if frame.f_globals.get("__name__") in {"socketserver", "http.server"}:
            return True
        frame = frame.f_back
    return False
