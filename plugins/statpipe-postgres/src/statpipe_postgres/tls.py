"""TLS to a database on a server: its certificate and name are verified."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from statpipe.api import ConfigError
from statpipe_postgres.address import Address
from statpipe_postgres.settings import PostgresSettings

RDS_BUNDLE = Path(__file__).with_name("data") / "rds-global-bundle.pem"
"""The bundled CAs of Amazon RDS; ``scripts/make_rds_bundle.py`` names their source."""

OWN_RDS_BUNDLE = Path("certs", "rds-global-bundle.pem")
"""A newer bundle in the folder of the configuration file takes precedence."""

_WEAK = ("disable", "allow", "prefer", "require")
"""Modes in which an attacker on the network can impersonate the server."""

_VERIFYING = ("verify-ca", "verify-full")


def with_tls(address: Address, settings: PostgresSettings) -> Address:
    """
    Return the address with defaults for TLS.

    The server is verified, unless it is on this machine or the environment is embedded.

    :raises ConfigError: The address asks for less security and that is not allowed, or the CA file
        does not exist.
    """
    asked = address.parameters.get("sslmode")
    exempt = address.stays_here or settings.environment.embedded
    if asked in _WEAK:
        _refuse_weak(asked, address, settings, exempt=exempt)
    mode = asked or ("verify-full" if address.by_token or not exempt else None)
    if mode not in _VERIFYING:
        return address
    # With a Kerberos ticket, libpq would use Kerberos first and never check the certificate.
    added = {"sslmode": mode, "gssencmode": "disable"}
    if settings.ca and "sslrootcert" not in address.parameters:
        added["sslrootcert"] = str(_ca(settings.ca, settings))
    return evolve(address, parameters={**added, **address.parameters})


def _refuse_weak(asked: str, address: Address, settings: PostgresSettings, *, exempt: bool) -> None:
    start = f"environment {settings.environment.name}: sslmode={asked} in the dsn of the sink"
    if address.by_token:
        msg = (
            f"{start} postgres would let an attacker get IAM tokens by impersonating {address}; "
            "remove sslmode from the dsn, and set `ca`"
        )
        raise ConfigError(msg)
    if not (exempt or settings.allow_insecure):
        msg = (
            f"{start} postgres lets an attacker on the network impersonate {address}; remove "
            "sslmode from the dsn (verify-full is the default) and set `ca`, or write "
            "allow_insecure = true if you trust that network"
        )
        raise ConfigError(msg)


def _ca(ca: str, settings: PostgresSettings) -> Path:
    home = settings.environment.home
    if ca == "rds":
        own = home / OWN_RDS_BUNDLE
        path = own if own.exists() else RDS_BUNDLE
    else:
        path = home / Path(ca).expanduser()
    start = f'environment {settings.environment.name}: ca = "{ca}" of the sink postgres'
    remedy = 'write the path of the CA\'s certificate in PEM, or "rds" for those of Amazon RDS'
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        msg = f"{start}: {path} cannot be read ({error.strerror}); {remedy}"
        raise ConfigError(msg) from None
    if "-----BEGIN CERTIFICATE-----" not in text:
        msg = f"{start}: {path} contains no PEM certificate; {remedy}"
        raise ConfigError(msg)
    return path
