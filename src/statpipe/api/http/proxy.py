"""The proxy that the environment names for an address."""

from __future__ import annotations

import ipaddress
import re
import sys
import urllib.request
from collections.abc import Mapping
from importlib.util import find_spec

import httpx
from attrs import field, frozen

from statpipe.api.http.address import flaw_of
from statpipe.domain.errors import ConfigError

_SCHEMES = ("http", "https", "socks5", "socks5h")
_BRACKETED = re.compile(r"\[([^\]]*)\](?::(\d{1,5}))?")
_WITH_PORT = re.compile(r"([^:]*):(\d{1,5})")
_PORTS = {"http": 80, "https": 443}


@frozen(kw_only=True)
class Proxy:
    """
    A proxy and the variable that names it. Its address may hold a password, so it is not shown.
    """

    variable: str
    url: httpx.URL = field(repr=False)


def proxy_for(url: httpx.URL, environment: Mapping[str, str]) -> Proxy | None:
    """
    Return the proxy for an address; ``None`` for a direct connection.

    ``HTTPS_PROXY`` or ``HTTP_PROXY`` by the scheme of the address, otherwise ``ALL_PROXY``, except
    for hosts in ``NO_PROXY``. Lower-case names take precedence. An empty variable counts as not
    set.

    :raises ConfigError: The variable does not name a proxy that can be used. The message does not
        repeat its value, which may hold a password.
    """
    if is_bypassed(url, _value("no_proxy", environment)[1]):
        return None
    for name in (f"{url.scheme}_proxy", "all_proxy"):
        variable, value = _value(name, environment)
        if value:
            return Proxy(variable=variable, url=_proxy_url(variable, value))
    return _of_the_system(url)


def is_bypassed(url: httpx.URL, listed: str) -> bool:
    """
    Return whether a list such as ``NO_PROXY`` names the host of an address.

    Entries are separated by commas or blanks: ``*``; a host or domain, with or without a leading
    dot or ``*.``, which includes its subdomains; an IP address; a network such as ``10.0.0.0/8``.
    All except networks may have a port, IPv6 addresses then in brackets. Any other entry is
    ignored.
    """
    host = url.raw_host.decode("ascii").lower().removesuffix(".")
    port = url.port or _PORTS.get(url.scheme)
    return any(_names(entry, host, port) for entry in re.split(r"[\s,]+", listed.lower()) if entry)


def _names(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    parts = _BRACKETED.fullmatch(entry) or _WITH_PORT.fullmatch(entry)
    named, wanted = parts.groups() if parts else (entry, None)
    if wanted is not None and int(wanted) != port:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        domain = named.removeprefix("*").removeprefix(".").removesuffix(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ipaddress.ip_network(named, strict=False)
    except ValueError:
        return False


def _value(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    for variable in (name, name.upper()):
        if variable == "HTTP_PROXY" and "REQUEST_METHOD" in environment:
            continue  # in a CGI script, whoever sends a header "Proxy" sets it
        if value := environment.get(variable, "").strip():
            return variable, value
    return name.upper(), ""


def _proxy_url(variable: str, value: str) -> httpx.URL:
    try:
        url = httpx.URL(value if "://" in value else f"http://{value}")
    except (httpx.InvalidURL, ValueError):
        raise _unusable(variable, "it cannot be read as an address") from None
    flaw = flaw_of(url, _SCHEMES)
    if not flaw and (url.path not in {"", "/"} or url.query or url.fragment):
        flaw = "text follows the port; write special characters of a password as %XX"
    if flaw:
        raise _unusable(variable, flaw)
    if url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise ConfigError(
            f"{variable} names a SOCKS proxy, which needs the package socksio: install it, name "
            "an http:// proxy, or list the host in NO_PROXY"
        )
    return url


def _unusable(variable: str, flaw: str) -> ConfigError:
    return ConfigError(
        f"{variable} is not a usable proxy ({flaw}): write http://host:port, or unset {variable}"
    )


def _of_the_system(url: httpx.URL) -> Proxy | None:
    """Return the proxy in the settings of macOS and Windows, as other programs use it."""
    if sys.platform not in {"darwin", "win32"} or urllib.request.proxy_bypass(url.host):
        return None
    value = urllib.request.getproxies().get(url.scheme)
    where = "the system's proxy setting"
    return Proxy(variable=where, url=_proxy_url(where, value)) if value else None
