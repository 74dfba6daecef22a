"""The proxy for an address, by the environment's variables."""

from __future__ import annotations

import base64
import sys

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import ConfigError, Secret, Unavailable
from statpipe.api.http import Credential, Passing, proxy
from statpipe.api.http.proxy import is_bypassed, proxy_for
from support.rude_server import reply

BEA = httpx.URL("https://apps.bea.gov/api/data")
PLAIN = httpx.URL("http://mirror.example/x.zip")


def named(url, **variables):
    found = proxy_for(url, variables)
    return None if found is None else (found.variable, str(found.url))


@pytest.mark.parametrize(
    ("url", "variables", "used"),
    [
        (BEA, {}, None),
        (BEA, {"HTTPS_PROXY": "http://p:1"}, ("HTTPS_PROXY", "http://p:1")),
        (
            BEA,
            {"https_proxy": "http://q:1", "HTTPS_PROXY": "http://p:1"},
            ("https_proxy", "http://q:1"),
        ),
        (BEA, {"https_proxy": "", "HTTPS_PROXY": "http://p:1"}, ("HTTPS_PROXY", "http://p:1")),
        (BEA, {"https_proxy": " ", "HTTPS_PROXY": ""}, None),
        (BEA, {"HTTP_PROXY": "http://p:1"}, None),
        (BEA, {"ALL_PROXY": "http://p:1", "NO_PROXY": ""}, ("ALL_PROXY", "http://p:1")),
        (BEA, {"all_proxy": "https://p", "HTTPS_PROXY": "p:2"}, ("HTTPS_PROXY", "http://p:2")),
        (PLAIN, {"HTTP_PROXY": "p:1"}, ("HTTP_PROXY", "http://p:1")),
        (PLAIN, {"HTTP_PROXY": "p:1", "REQUEST_METHOD": "GET"}, None),
        (PLAIN, {"http_proxy": "http://[::1]:8080/"}, ("http_proxy", "http://[::1]:8080/")),
        (PLAIN, {"HTTPS_PROXY": "p:1"}, None),
    ],
)
def test_the_scheme_decides_lower_case_wins_and_empty_means_unset(url, variables, used):
    assert named(url, **variables) == used


@pytest.mark.parametrize(
    "value",
    [
        "gopher://me:TOP-SECRET@proxy.example",
        "socks4://me:TOP-SECRET@proxy.example:1080",
        "http://me:TOP-SECRET@",
        "http://me:TOP-SECRET#1@proxy.example:3128",
        "http://me:1/TOP-SECRET@proxy.example:3128",
        "http://proxy.example:TOP-SECRET",
        "http://proxy.example:99999/TOP-SECRET",
        "http//proxy.example:3128/TOP-SECRET",
        '"http://proxy.example:3128/TOP-SECRET"',
        "http://[::1:3128/TOP-SECRET",
        "http://proxy..example/TOP-SECRET",
        "http://pro xy.example:3128/TOP-SECRET",
        "http://proxy.example:3128/\x00TOP-SECRET",
        "://TOP-SECRET",
        "http://",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_an_unusable_proxy_is_reported_with_its_variable_and_no_password(variable, value):
    with pytest.raises(ConfigError, match=f"^{variable} is not a usable proxy") as error:
        named(BEA, **{variable: value})
    assert "TOP-SECRET" not in str(error.value)
    assert str(error.value).endswith(f"write http://host:port, or unset {variable}")
    assert named(BEA, **{variable: value, "NO_PROXY": "bea.gov"}) is None


def test_a_socks_proxy_without_its_package_names_the_variable(monkeypatch):
    monkeypatch.setattr(proxy, "find_spec", lambda _: None)
    with pytest.raises(
        ConfigError, match=r"^ALL_PROXY names a SOCKS proxy, which needs the package"
    ):
        named(BEA, ALL_PROXY="socks5h://127.0.0.1:9050")
    monkeypatch.setattr(proxy, "find_spec", lambda _: "there")
    assert named(BEA, ALL_PROXY="socks5h://127.0.0.1:9050") is not None


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("https://apps.bea.gov/", "*"),
        ("https://apps.bea.gov/", "apps.bea.gov"),
        ("https://apps.bea.gov/", "localhost, BEA.GOV"),
        ("https://apps.bea.gov/", "localhost .bea.gov"),
        ("https://apps.bea.gov/", "*.bea.gov"),
        ("https://apps.bea.gov./", "bea.gov."),
        ("https://apps.bea.gov/", "bea.gov:443"),
        ("http://apps.bea.gov:8080/", "bea.gov:8080"),
        ("http://127.0.0.1:8080/", "127.0.0.1"),
        ("http://127.0.0.1:8080/", "127.0.0.0/8"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("http://[::1]:8080/", "[::1]"),
        ("http://[::1]:8080/", "::1"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]/", "::1/128"),
        ("http://[fd00::5]/", "fd00::/8"),
    ],
)
def test_no_proxy_names_hosts_domains_addresses_networks_and_ports(address, listed):
    assert is_bypassed(httpx.URL(address), listed)


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("https://apps.bea.gov/", ""),
        ("https://apps.bea.gov/", " , ,"),
        ("https://apps.bea.gov/", "ea.gov"),
        ("https://apps.bea.gov/", "gov.apps.bea"),
        ("https://apps.bea.gov/", "bea.gov:80"),
        ("https://apps.bea.gov/", "."),
        ("http://127.0.0.1/", "10.0.0.0/8"),
        ("http://127.0.0.1/", "127.0.0.0/99"),
        ("http://[::1]/", "[::1"),
        ("http://[::1]/", "[]"),
        ("http://[::1]:8080/", "[::1]:80"),
        ("http://[::1]/", "0.0.0.0/0"),
    ],
)
def test_hosts_outside_no_proxy_use_the_proxy(address, listed):
    assert not is_bypassed(httpx.URL(address), listed)


@given(st.text("*.:[]/,0129af -\x00ñ", max_size=30))
def test_no_list_raises_an_unexpected_error(listed):
    for address in ("https://apps.bea.gov/", "http://[::1]:80/", "http://127.0.0.1/"):
        assert is_bypassed(httpx.URL(address), listed) in {True, False}


@given(st.text("htps:/@[].%#?0aé \x00", max_size=30))
def test_no_value_raises_an_unexpected_error(value):
    try:
        named(BEA, HTTPS_PROXY=value)
    except ConfigError as error:
        assert "HTTPS_PROXY" in str(error)


def test_macos_and_windows_have_their_own_settings(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(proxy.urllib.request, "proxy_bypass", lambda host: host == "mirror.example")
    proxies = {"https": "http://p:1", "http": "http://p:1"}
    monkeypatch.setattr(proxy.urllib.request, "getproxies", lambda: proxies)
    assert named(BEA) == ("the system's proxy setting", "http://p:1")
    assert named(PLAIN) is None


class TestThroughAProxy:
    def test_an_http_url_is_requested_through_the_proxy_with_its_login(self, serve, open_transport):
        server = serve(reply(b"figures"))
        value = f"http://me:se%40cret@{server.address}"
        transport = open_transport(environment={"http_proxy": value})
        assert transport.get("http://mirror.example/x.zip").body == b"figures"
        assert server.heads[0].startswith(b"GET http://mirror.example/x.zip HTTP/1.1\r\n")
        assert base64.b64encode(b"me:se@cret") in server.heads[0]

    def test_an_https_url_is_tunnelled_and_the_proxy_never_sees_the_key(
        self, serve, open_transport
    ):
        server = serve(reply(b"", "502 Bad Gateway"))
        transport = open_transport(
            environment={"ALL_PROXY": server.address},
            credential=Credential(name="UserID", secret=Secret("0123456789")),
        )
        with pytest.raises(Passing, match="through the proxy that ALL_PROXY names") as raised:
            transport.get(str(BEA))
        assert isinstance(raised.value.error, Unavailable)
        assert server.heads[0].startswith(b"CONNECT apps.bea.gov:443 HTTP/1.1\r\n")
        assert b"0123456789" not in server.heads[0]

    @pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
    @pytest.mark.parametrize("address", [str(BEA), str(PLAIN)])
    def test_a_proxy_that_refuses_is_a_config_error(self, serve, open_transport, address, status):
        if address == str(PLAIN) and status.startswith("403"):
            return  # it is the server's answer as well as it may be the proxy's
        server = serve(reply(b"", status))
        transport = open_transport(
            environment={"ALL_PROXY": f"http://me:TOP-SECRET@{server.address}"}
        )
        with pytest.raises(
            ConfigError, match="the proxy that ALL_PROXY names does not allow connections"
        ) as error:
            transport.get(address)
        assert "TOP-SECRET" not in str(error.value)

    def test_a_key_for_this_machine_never_uses_a_proxy(self, serve, open_transport):
        server = serve(reply(b"figures"))
        transport = open_transport(
            environment={"http_proxy": "http://127.0.0.1:9", "NO_PROXY": ""},
            credential=Credential(name="UserID", secret=Secret("0123456789")),
        )
        assert transport.get(server.url).body == b"figures"

    def test_a_proxy_that_is_down_is_named(self, open_transport):
        transport = open_transport(environment={"HTTP_PROXY": "http://127.0.0.1:1"})
        with pytest.raises(
            Passing, match=r"mirror\.example cannot be reached through the proxy that"
        ):
            transport.get(str(PLAIN))
