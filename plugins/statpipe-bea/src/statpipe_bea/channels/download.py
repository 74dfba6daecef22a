"""Zips and CSV files from BEA's site, or from a folder."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from statpipe.api import ConfigError, Payload

if TYPE_CHECKING:
    from statpipe.api.http import Client

_LARGEST = 256 << 20
_MEDIA_TYPES = {".zip": "application/zip", ".csv": "text/csv"}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_address(place: str) -> bool:
    """
    Return whether this is a URL and not a path.
    """
    return _SCHEME.match(place) is not None


def open_client(address: str, seconds: float) -> Client:
    """
    Open a client for the file at a URL; *seconds* is the time limit.
    """
    from statpipe.api.http import Client, checked_address

    shown = re.sub(r"//[^/?#]*@", "//", address).partition("?")[0]
    checked_address(address, what=f"{shown!r}")
    return Client(address, agent="statpipe-bea", largest=_LARGEST, seconds=seconds)


def file_at(path: Path) -> Payload:
    """
    Return the file at a path.

    :raises ConfigError: The file does not exist or cannot be read.
    """
    try:
        body = path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not a path"
        msg = f"{path} cannot be read: {why}; give an existing file or a URL"
        raise ConfigError(msg) from error
    name = _safe(path.name)
    return Payload(
        name=name,
        body=body,
        media_type=_media_type(name),
        request={"path": path.name},
        retrieved=datetime.now(UTC),
    )


def downloaded(address: str, seconds: float) -> Payload:
    """
    Download the file at a URL.

    :raises ConfigError: The address cannot be asked.
    :raises Unavailable: The site cannot be reached, or sends a web page instead.
    :raises Rejected: The file does not exist.
    """
    client = open_client(address, seconds)
    try:
        name = _safe(Path(urlsplit(address).path).name or "download.zip")
        return client.get(name=name).payload(media_type=_media_type(name))
    finally:
        client.close()


def _safe(name: str) -> str:
    """Return the name in a form that is valid for a payload."""
    kept = "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "_" for c in name)
    return kept.lstrip("._-") or "file"


def _media_type(name: str) -> str:
    return _MEDIA_TYPES.get(Path(name).suffix.lower(), "application/zip")
