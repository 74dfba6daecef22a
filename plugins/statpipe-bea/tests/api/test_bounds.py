"""No answer takes more room or more time than any of BEA's does."""

from __future__ import annotations

import zlib

import pytest

from statpipe.api import ContentError, Unavailable
from support import bea_faults as faults

from .conftest import ONE_LINE


def test_an_answer_without_end_is_cut_off(fake, connect):
    fake.always = faults.body(b'{"BEAAPI":' + b" " * 3_000_000)
    client = connect(largest=1_000_000)
    with pytest.raises(ContentError, match=r"too large: more than 1,000,000 bytes"):
        client.ask("SAPCE1-line-9", ONE_LINE)
    assert client.requests == 1


def test_an_answer_that_swells_when_unpacked_is_cut_off(fake, connect):
    fake.always = faults.both(faults.body(b" " * 20_000_000), faults.gzipped())
    client = connect(largest=1_000_000)
    with pytest.raises(ContentError, match="too large"):
        client.ask("SAPCE1-line-9", ONE_LINE)


def test_nested_encodings_are_not_unpacked(fake, ask):
    twice = faults.both(faults.gzipped(), faults.body(zlib.compress(b"a")))
    fake.always = lambda answer: faults.replace(
        twice(answer), headers={"Content-Encoding": "gzip, deflate"}
    )
    with pytest.raises(Unavailable, match="content-encoding 'gzip, deflate' was not requested"):
        ask()


def test_an_answer_that_arrives_too_slowly_times_out(fake, connect):
    ticks = iter(range(0, 100_000, 200))
    fake.always = faults.body(b" " * 1_000_000)
    client = connect(clock=lambda: next(ticks))
    with pytest.raises(Unavailable, match="did not answer completely within 300 s; run again"):
        client.ask("SAPCE1-line-9", ONE_LINE)


def test_a_server_that_says_nothing_times_out(fake, connect):
    fake.always = faults.slow(0.3)
    client = connect(silence=0.02)
    with pytest.raises(Unavailable, match="ReadTimeout"):
        client.ask("SAPCE1-line-9", ONE_LINE)
    assert client.requests == 5
