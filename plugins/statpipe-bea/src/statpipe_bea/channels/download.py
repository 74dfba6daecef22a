"""Zips and CSV files from BEA's site, or from a folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import stamina

from statpipe.api import ConfigError, ContentError, Payload, Rejected, Unavailable

_LARGEST = 256 << 20
_MEDIA_TYPES = {".zip": "application/zip", ".csv": "text/csv"}
_TRIES = 4
_SECONDS = 300.0


def is_address(place: str) -> bool:
    """
    Tell an address from a path.
    """
    return urlsplit(place).scheme in {"http", "https"}


def retrieved(place: str, home: Path) -> Payload:
    """
    Return the file at an address or path; a relative path starts at *home*.

    :raises ConfigError: There is no such file.
    :raises Unavailable: The site cannot be reached now.
    :raises Rejected: It has no such file.
    """
    return _downloaded(place) if is_address(place) else _read(home / Path(place).expanduser())


def _read(path: Path) -> Payload:
    try:
        body = path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}; name a file that is there, or its address"
        raise ConfigError(msg) from error
    return _payload(path.name, body, {"path": path.name})


def _downloaded(address: str) -> Payload:
    for attempt in stamina.retry_context(
        on=Unavailable, attempts=_TRIES, timeout=_SECONDS, wait_initial=1.0, wait_max=30.0
    ):
        with attempt:
            return _get(address)
    raise Unavailable(f"{address} did not answer")  # unreachable: the last attempt raises


def _get(address: str) -> Payload:
    import httpx

    body = bytearray()
    try:
        with httpx.stream("GET", address, timeout=60.0) as response:
            if response.status_code >= 500 or response.status_code == 429:  # noqa: PLR2004
                msg = f"{address} answers {response.status_code}; run again later"
                raise Unavailable(msg)
            if response.status_code != 200:  # noqa: PLR2004
                msg = (
                    f"{address} answers {response.status_code}; look whether BEA has moved the file"
                )
                raise Rejected(msg)
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _LARGEST:
                    msg = f"{address} is larger than {_LARGEST >> 20} MiB; expected a few"
                    raise ContentError(msg)
    except httpx.TransportError as error:
        msg = f"{address} cannot be reached ({type(error).__name__}: {error}); run again later"
        raise Unavailable(msg) from error
    name = Path(urlsplit(address).path).name or "download.zip"
    return _payload(name, bytes(body), {"url": address})


def _payload(name: str, body: bytes, request: dict[str, str]) -> Payload:
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in name).lstrip("._-") or "file"
    return Payload(
        name=safe,
        body=body,
        media_type=_MEDIA_TYPES.get(Path(safe).suffix.lower(), "application/zip"),
        request=request,
        retrieved=datetime.now(UTC),
    )
