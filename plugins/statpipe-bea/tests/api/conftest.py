"""A client of the fake, whose time passes only when it sleeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina

from statpipe.api import Payload, Secret
from statpipe_bea.api import BeaClient, Patience
from support.fake_bea import FakeBea

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE_LINE = {
    "method": "GetData",
    "datasetname": "Regional",
    "TableName": "SAPCE1",
    "LineCode": "9",
    "GeoFips": "06000",
    "Year": "2021",
    "ResultFormat": "JSON",
}


class Time:
    """A clock at noon that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

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
def connect(fake: FakeBea, time: Time) -> Iterator[Callable[..., BeaClient]]:
    """Make clients; each is closed in the end."""
    clients = []

    def connect(**options: Any) -> BeaClient:
        told = {
            "key": Secret(fake.key),
            "url": fake.url,
            "patience": Patience(first_wait=0, jitter=0),
            "clock": time.clock,
            "now": time.now,
            "sleep": time.sleep,
        }
        client = BeaClient(**{**told, **options})
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Callable[..., BeaClient]) -> BeaClient:
    return connect()


@pytest.fixture
def ask(client: BeaClient) -> Callable[..., Payload]:
    """Ask for one figure, or for what the keywords say instead."""
    return lambda **parameters: client.ask("SAPCE1-line-9", {**ONE_LINE, **parameters})
