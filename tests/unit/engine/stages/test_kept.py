"""Payloads go into Bronze while the next ones are fetched."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from statpipe.api import Payload, Unavailable
from statpipe.engine.stages.kept import AT_ONCE, Keeper


def payloads(number):
    return [Payload(name=f"p{place}", body=b"x") for place in range(number)]


def names(kept):
    return [one.name for one in kept]


@pytest.fixture
def writers():
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool


def test_what_is_kept_stands_in_the_order_in_which_it_came(writers):
    """The first one takes longest to write."""
    others = threading.Event()

    def keep(payload):
        if payload.name == "p0":
            assert others.wait(60)
        elif payload.name == "p3":
            others.set()
        return payload

    keeper = Keeper(keep, writers)
    for payload in payloads(4):
        keeper.put(payload)
    keeper.finish()
    assert names(keeper.kept) == ["p0", "p1", "p2", "p3"]


def test_no_more_wait_than_can_be_written_at_once(writers):
    written = []

    def keep(payload):
        written.append(payload.name)
        return payload

    keeper = Keeper(keep, writers)
    for number, payload in enumerate(payloads(3 * AT_ONCE), 1):
        keeper.put(payload)
        assert len(written) >= number - AT_ONCE


def test_a_lake_that_fails_stops_the_fetching_soon(writers):
    def keep(payload):
        raise Unavailable(f"no room for {payload.name}")

    keeper = Keeper(keep, writers)
    with pytest.raises(Unavailable, match="no room for p0"):
        for payload in payloads(AT_ONCE + 1):
            keeper.put(payload)


def test_after_a_failure_what_can_be_written_is_kept(writers):
    def keep(payload):
        if payload.name == "p1":
            raise Unavailable("no room")
        return payload

    keeper = Keeper(keep, writers)
    for payload in payloads(4):
        keeper.put(payload)
    keeper.give_up()
    assert names(keeper.kept) == ["p0", "p2", "p3"]
