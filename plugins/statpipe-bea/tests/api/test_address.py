"""Where a key may be sent."""

from __future__ import annotations

import pytest

from statpipe.api import ConfigError, Secret
from statpipe_bea.api import BeaClient
from statpipe_bea.api.address import checked_url, proxy_for

BEA = "https://apps.bea.gov/api/data"


@pytest.mark.parametrize(
    "url",
    [
        BEA,
        "https://mirror.example:8443/api/data",
        "http://localhost:8080/api/data",
        "http://127.0.0.1:8080/api/data",
        "http://127.8.8.8/api/data",
        "http://[::1]:8080/api/data",
    ],
)
def test_a_key_goes_over_https_or_stays_on_this_machine(url):
    assert str(checked_url(url)) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://apps.bea.gov/api/data",
        "http://localhost.example/api/data",
        "http://127.0.0.1.example/api/data",
        "http://0.0.0.0/api/data",
        "ftp://apps.bea.gov/api/data",
    ],
)
def test_a_key_never_travels_in_clear(url):
    with pytest.raises(ConfigError, match="must be https: the key would travel in clear"):
        checked_url(url)


@pytest.mark.parametrize("hidden", ["?UserID=TOP-SECRET", "#TOP-SECRET"])
def test_a_key_inside_of_the_url_is_refused_and_not_repeated(hidden):
    with pytest.raises(ConfigError, match="give the key as BEA_API_KEY") as error:
        checked_url(BEA + hidden)
    assert "TOP-SECRET" not in str(error.value)


def test_a_password_inside_of_the_url_is_refused_and_not_repeated():
    with pytest.raises(ConfigError) as error:
        checked_url("https://me:TOP-SECRET@apps.bea.gov/api/data")
    assert "TOP-SECRET" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["", "apps.bea.gov/api/data", "https://", "https://bea.gov:port/", "https:///a"]
)
def test_what_is_no_address_is_refused_with_beas_own(url):
    with pytest.raises(ConfigError, match=f"is no address; BEA's is {BEA}"):
        checked_url(url)


def test_the_surroundings_proxy_is_used_for_https(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert proxy_for(checked_url(BEA)) == "http://proxy.example:3128"
    assert proxy_for(checked_url("https://inside.example/api")) is None


def test_this_machine_is_asked_without_a_proxy_so_that_none_sees_the_key(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert proxy_for(checked_url("http://localhost:8080/api/data")) is None


def test_a_proxy_that_cannot_be_used_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("https_proxy", "gopher://me:TOP-SECRET@proxy.example")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ConfigError, match="the proxy in HTTPS_PROXY cannot be used") as error:
        BeaClient(key=Secret("0123456789"), url=BEA)
    assert "TOP-SECRET" not in str(error.value)


@pytest.mark.parametrize(
    "key", ["", " ", "short", "with a space", '"0123456789 0123"', "a\nbcdefgh"]
)
def test_what_cannot_be_a_key_is_refused_with_the_place_to_get_one(key):
    with pytest.raises(ConfigError, match=r"free at https://apps.bea.gov/API/signup/"):
        BeaClient(key=Secret(key), url=BEA)
