"""
A bucket far away: a real S3 server on this machine behind a proxy that lets each request wait.

    with Bucket(folder) as bucket:
        ... use bucket.url and bucket.variables ...
        with bucket.far(0.05):        # seconds a request
            ...
        requests, waiting = bucket.counted()
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import boto3

from support.fault_proxy import Exchange, FaultProxy
from support.seaweed import KEY, SECRET, Seaweed

NAME = "statpipe-benchmark"


class Bucket:
    """The bucket. It counts requests, and the time in which at least one of them was on its way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._delay = 0.0
        self._guard = threading.Lock()
        self._trips: list[tuple[float, float]] = []

    def __enter__(self) -> Self:
        weed = self._stack.enter_context(Seaweed(self._folder, NAME))
        client: Any = boto3.client(
            "s3", endpoint_url=weed.url, aws_access_key_id=KEY, aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )  # fmt: skip
        client.create_bucket(Bucket=NAME)
        self.url = self._stack.enter_context(FaultProxy(weed.url, self._pass_on)).url
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def variables(self) -> dict[str, str]:
        """What clients need to log in."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def lake(self, prefix: str) -> str:
        """Return what a ``statpipe.toml`` says of a lake in the bucket."""
        return (
            f'[environments.local.sinks.lake]\npath = "s3://{NAME}/{prefix}"\n'
            f'endpoint_url = "{self.url}"\nregion = "us-east-1"\n'
        )

    @contextmanager
    def far(self, delay: float) -> Iterator[None]:
        """Let each request take so many seconds longer, for a while."""
        self._delay = delay
        yield
        self._delay = 0.0

    def counted(self) -> tuple[int, float]:
        """Return requests, and seconds of their way that no other request shared, since it was called last."""
        with self._guard:
            trips, self._trips = sorted(self._trips), []
        waiting, reached = 0.0, 0.0
        for began, ended in trips:
            waiting += max(0.0, ended - max(began, reached))
            reached = max(reached, ended)
        return len(trips), waiting

    def _pass_on(self, exchange: Exchange) -> None:
        began = time.perf_counter()
        with self._guard:
            self._trips.append((began, began + self._delay))
        time.sleep(self._delay)
        exchange.pass_on()
