"""Which certificates are trusted: those that the environment names, or the bundled ones."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from attrs import field, frozen

from statpipe.domain.errors import ConfigError

_OPENSSLS = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_OTHERS = "REQUESTS_CA_BUNDLE"


@frozen(kw_only=True)
class Trust:
    """
    The certificates that verify servers. ``variables`` name their source; without any, they are
    those of certifi.
    """

    context: ssl.SSLContext = field(repr=False)
    variables: tuple[str, ...] = ()


def trust_of(environment: Mapping[str, str]) -> Trust:
    """
    Load the certificates of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, or of ``REQUESTS_CA_BUNDLE`` (a
    file or a folder), or of the package certifi.

    An empty variable counts as not set.

    :raises ConfigError: The file or folder in a variable does not exist, or contains no
        certificates.
    """
    named = [name for name in _OPENSSLS if environment.get(name)]
    if not named and environment.get(_OTHERS):
        named = [_OTHERS]
    places = [(name, Path(environment[name]).expanduser()) for name in named]
    context = _loaded(tuple((name, path, _changed(path)) for name, path in places))
    return Trust(context=context, variables=tuple(named))


@lru_cache(maxsize=8)
def _loaded(places: tuple[tuple[str, Path, int], ...]) -> ssl.SSLContext:
    """Load the certificates once per process, because reading the authorities takes longer than
    most requests.
    """
    # Not ssl.create_default_context: it writes session keys to wherever SSLKEYLOGFILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name, path, _ in places:
        _load(context, name, path)
    if not places:
        import certifi

        context.load_verify_locations(cafile=certifi.where())
    return context


def _changed(path: Path) -> int:
    """Return when a file last changed; an unreadable file is reported when it is loaded."""
    try:
        return path.stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


def _load(context: ssl.SSLContext, name: str, path: Path) -> None:
    wants_folder = name == "SSL_CERT_DIR" or (name == _OTHERS and path.is_dir())
    try:
        if wants_folder:
            if not path.is_dir():
                raise _unusable(name, path, "it is not a folder")
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise _unusable(name, path, "it holds no certificates in PEM form") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not a path"
        raise _unusable(name, path, why) from None


def _unusable(name: str, path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{name} names {str(path)!r}, which cannot be used: {why}; name a file of certificates, or "
        f"unset {name}"
    )
