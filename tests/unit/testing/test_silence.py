"""How a server's answer is waited for."""

import urllib.error
import urllib.request

import httpx
import pytest

from statpipe.testing import LocalAgency
from statpipe.testing.silence import waits


@pytest.fixture
def agency():
    with LocalAgency() as agency:
        agency.answer("/", b"{}")
        yield agency


@pytest.mark.parametrize("seconds", [None, 5])
def test_an_endless_wait_is_reported(agency, seconds):
    with waits() as found:
        httpx.get(agency.url, timeout=seconds)
    assert (found.blocking, found.endless) == (True, seconds is None)


def test_waiting_inside_the_server_does_not_count(agency):
    with waits() as found:
        urllib.request.urlopen(agency.url, timeout=5).close()
    assert not found.endless


def test_each_library_raises_its_own_timeout(agency):
    with waits(silent=True) as found, pytest.raises(httpx.ReadTimeout):
        httpx.get(agency.url, timeout=5)
    with waits(silent=True), pytest.raises(TimeoutError):
        urllib.request.urlopen(agency.url, timeout=5)
    assert found.blocking
    assert httpx.get(agency.url, timeout=5).json() == {}
