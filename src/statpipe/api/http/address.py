"""URLs from a configuration: whether they are usable, and whether a key may be sent there."""

from __future__ import annotations

import ipaddress
import re

import httpx

from statpipe.domain.errors import ConfigError

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_LONGEST_HOST = 253
_LAST_PORT = 65535


def checked_address(text: str, *, what: str, keyed: bool = False) -> httpx.URL:
    """
    Return an address that a user gave. *what* names its purpose, for the message.

    A *keyed* one must be https, unless it is on this machine, and end with its path.

    :raises ConfigError: It cannot or must not be used. The message only repeats the host, because
    the rest may contain a key or a password.
    """
    url, flaw = parsed(text)
    if url is None:
        raise ConfigError(f"{what} is not a valid address ({flaw}): give it as https://host/path")
    if url.userinfo:
        raise ConfigError(
            f"{what} ({url.host}) must not hold a user name or password: it would be recorded with "
            "each download"
        )
    if keyed and (url.query or url.fragment):
        raise ConfigError(
            f"{what} ({url.host}) must not have a query or fragment: give the key as a variable, "
            "not inside the address"
        )
    if keyed and url.scheme != "https" and not is_here(url.host):
        raise ConfigError(
            f"{what} ({url.scheme}://{url.host}) must be https, or the key would be sent "
            "unencrypted. http is only allowed for this machine"
        )
    return url


def parsed(text: str) -> tuple[httpx.URL | None, str]:
    """
    Return the http or https address in a text, or ``None`` and what is wrong with it.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError, ValueError):
        return None, "it cannot be parsed"
    return (None, flaw) if (flaw := flaw_of(url, ("http", "https"))) else (url, "")


def flaw_of(url: httpx.URL, schemes: tuple[str, ...]) -> str:
    """
    Say why an address cannot be used; an empty text if it can.
    """
    if url.scheme not in schemes:
        return f"it does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    host = url.raw_host.decode("ascii", errors="replace")
    if not host:
        return "it has no host"
    if not _is_literal(host):
        labels = host.removesuffix(".").split(".")
        if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
            return "its host is not a valid name"
    if url.port is not None and not 0 < url.port <= _LAST_PORT:
        return "its port is not between 1 and 65535"
    return ""


def is_here(host: str) -> bool:
    """
    Return whether a host is this machine.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
