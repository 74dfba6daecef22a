"""Transports to a server on this machine that behaves as badly as a test asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stamina

from statpipe.api.http import Transport
from support.rude_server import RudeServer

NO_VARIABLES: dict[str, str] = {}


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(autouse=True)
def _retry_hooks() -> Iterator[None]:
    """Keep stamina's own log of retries off the tests' output."""
    hooks = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(hooks)


@pytest.fixture
def serve() -> Iterator[Callable[..., RudeServer]]:
    """Start servers with a script each; all end with the test."""
    started: list[RudeServer] = []

    def serve(*scripts: Any, **options: Any) -> RudeServer:
        server = RudeServer(*scripts, **options)
        started.append(server.__enter__())
        return server

    yield serve
    for server in started:
        server.__exit__()


@pytest.fixture
def open_transport() -> Iterator[Callable[..., Transport]]:
    """Open transports that know no variables of the environment; all end with the test."""
    opened: list[Transport] = []

    def open_transport(**options: Any) -> Transport:
        opened.append(Transport(**{"agent": "tests/1", "environment": NO_VARIABLES, **options}))
        return opened[-1]

    yield open_transport
    for transport in opened:
        transport.close()


@pytest.fixture
def transport(open_transport: Callable[..., Transport]) -> Transport:
    return open_transport()
