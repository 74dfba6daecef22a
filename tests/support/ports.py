"""Ports that nobody else gets while a test needs them.

A port that was found free and let go again may be taken before its server starts: by the server of
another test, or by any connection, whose own port the system draws from the same range.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_FIRST, _NUMBER = 10_000, 10_000
"""Below the ports that Linux and macOS give to connections, also 10,000 above."""

_held = ExitStack()
_numbers = itertools.count(os.getpid() * 97)


def reserved_port(*, neighbour: int = 0) -> int:
    """
    Return a TCP port of 127.0.0.1 for a server; no other test gets it until this process ends.

    The port that lies *neighbour* above it is free as well.
    """
    for number in itertools.islice(_numbers, _NUMBER):
        port = _FIRST + number % _NUMBER
        with ExitStack() as stack:
            try:
                # The sign that it is taken: the UDP port of the same number, which no server here uses.
                sign = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
                sign.bind(("127.0.0.1", port))
                for one in {port, port + neighbour}:
                    socket.create_server(("127.0.0.1", one)).close()
            except OSError:
                continue
            _held.push(stack.pop_all())
            return port
    raise AssertionError("no port is free")


@contextmanager
def refusing_port() -> Iterator[int]:
    """
    Give a TCP port of 127.0.0.1 that refuses connections: it is taken, and nobody listens.
    """
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield deaf.getsockname()[1]
