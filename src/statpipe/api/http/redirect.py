"""Where a redirect may lead."""

from __future__ import annotations

import ipaddress

import httpx

from statpipe.api.http.address import flaw_of, is_here

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST = 10
"""Redirects that are followed for one answer."""


def next_address(url: httpx.URL, location: str) -> tuple[httpx.URL | None, str]:
    """
    Return the target of a redirect from *url*, or ``None`` and why it is not followed.
    """
    try:
        target = url.join(location).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):
        return None, "an invalid address"
    if flaw := flaw_of(target, ("http", "https")):
        return None, f"an unusable address ({flaw})"
    if url.scheme == "https" and target.scheme != "https":
        return None, f"{target.host} without encryption"
    if target.userinfo:
        return None, f"{target.host} with a password in the address"
    if _is_inside(target.host) and not _is_inside(url.host):
        return None, f"{target.host}, which is inside this network"
    return target, ""


def _is_inside(host: str) -> bool:
    """Return whether a host is this machine or on a private network."""
    try:
        return is_here(host) or not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
