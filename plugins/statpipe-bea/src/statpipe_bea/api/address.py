"""Where the API is, and the way there."""

from __future__ import annotations

import ipaddress
import urllib.request

import httpx

from statpipe.api import ConfigError


def checked_url(url: str) -> httpx.URL:
    """
    Return the address, if a key may be sent there.

    :raises ConfigError: The key would travel in clear, or the address holds more than an address.
        The text repeats the host alone, since the rest may hold a key.
    """
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise _no_address() from None
    if not address.scheme or not address.host:
        raise _no_address()
    if address.userinfo or address.query or address.fragment:
        raise ConfigError(
            f"the url of the BEA source ({address.host}) must end with its path: give the key as "
            "BEA_API_KEY, not inside the url"
        )
    if address.scheme != "https" and not (address.scheme == "http" and _is_here(address.host)):
        raise ConfigError(
            f"the url of the BEA source ({address.scheme}://{address.host}) must be https: the key "
            "would travel in clear. Only this machine itself may be asked over http"
        )
    return address


def proxy_for(address: httpx.URL) -> str | None:
    """
    Return the proxy that the surroundings ask for (HTTPS_PROXY, NO_PROXY), never one for http.
    """
    if address.scheme != "https" or urllib.request.proxy_bypass(address.host):
        return None
    return urllib.request.getproxies().get("https")


def _no_address() -> ConfigError:
    return ConfigError(
        "the url of the BEA source is no address; BEA's is https://apps.bea.gov/api/data"
    )


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
