"""Finds out why a server's certificate was not accepted, because libpq does not say it."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path

from statpipe_postgres.address import Address

_SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""The request that begins every PostgreSQL connection over TLS."""

_WITHIN = 10.0
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNKNOWN_CA = (2, 18, 19, 20, 21)
"""Error numbers of OpenSSL (X509_V_ERR_...)."""

_UNKNOWN = (
    "it is not signed by a trusted CA; set `ca` of the sink postgres to the CA that signed "
    'it ("rds" for Amazon RDS)'
)


def why_distrusted(address: Address) -> str:
    """
    Repeat the handshake, and return in words what was wrong and what to do.
    """
    try:
        _shake_hands(address)
    except ssl.SSLCertVerificationError as error:
        return _in_words(error)
    except OSError:
        pass
    return _UNKNOWN


def _shake_hands(address: Address) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # libpq itself reports a wrong name
    bundle = _bundle(address)
    if bundle == "system":
        context.load_default_certs()
    else:
        context.load_verify_locations(bundle)
    parameters = address.parameters
    place = parameters.get("hostaddr") or parameters.get("host") or "localhost"
    port = int(parameters.get("port") or 5432)
    with socket.create_connection((place, port), _WITHIN) as plain:
        plain.sendall(_SSL_REQUEST)
        if plain.recv(1) == b"S":
            context.wrap_socket(plain).close()


def _bundle(address: Address) -> str:
    """Return the file of certificates that libpq uses."""
    named = address.parameters.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")
    return named or str(Path.home() / ".postgresql" / "root.crt")


def _in_words(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return (
            "it has expired; let the server's administrator renew it, and check this machine's "
            "clock"
        )
    if error.verify_code == _NOT_YET_VALID:
        return "it is not valid yet; check this machine's clock"
    if error.verify_code in _UNKNOWN_CA:
        return _UNKNOWN
    return f"{error.verify_message}; let the server's administrator correct its certificate"
