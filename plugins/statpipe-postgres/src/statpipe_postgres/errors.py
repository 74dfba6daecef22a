"""Converts PostgreSQL's errors, by what the reader has to do next."""

from __future__ import annotations

import re

import psycopg

from statpipe.api import ConfigError, ContentError, StatpipeError, Unavailable
from statpipe_postgres.address import Address, is_here
from statpipe_postgres.distrust import why_distrusted
from statpipe_postgres.patience import NoReply

_LATER = "run again when it is back"

_UNAVAILABLE = {
    "53100": "its disk is full; free some space there and run again",
    "53200": "it is out of memory; run again later",
    "53300": "it has no connection left; close some, or raise max_connections, and run again",
    "25006": (
        "it is read-only, for example a standby or out of disk space; point the dsn at the primary"
    ),
    "55P03": "another session holds the lock; look at pg_stat_activity, and run again",
    "57014": "the statement took too long or was cancelled; run again later, or raise reply_timeout of "
    "the sink postgres and the server's statement_timeout",
    "57P01": f"it is shutting down; {_LATER}",
    "57P02": f"one of its processes crashed; {_LATER}",
    "57P03": f"it is starting up or shutting down; {_LATER}",
    "40001": "another transaction interfered; run again",
    "40P01": "another transaction interfered; run again",
}
"""Remedies for temporary conditions, by SQLSTATE."""

_UNAVAILABLE_CLASSES = ("08", "53", "57", "58")

_CONFIGURATION = {
    "28P01": "correct the password in the dsn",
    "28000": "correct the role in the dsn, or allow it on the server (pg_hba.conf)",
    "3D000": "create the database, or correct its name in the dsn",
}

_LOGIN = ("28P01", "28000")

_REFUSED_BY_AWS = (
    "AWS or the server refuses the token: check that the AWS credentials have not expired, that "
    "their policy allows rds-db:connect for the role, that iam_region, if set, is the "
    "instance's, and that the role has rds_iam (statpipe db init grants it)"
)

_AT_THE_DOOR = (
    (r"does not match host name",
     "set host to a name in the certificate, and for a tunnel also set hostaddr"),
    (r"does not support SSL",
     "turn TLS on in the server, or point the dsn at a server that has it"),
    (r"root certificate file",
     'set `ca` of the sink postgres to the CA that signed the certificate ("rds" for Amazon RDS)'),
    (r"no pg_hba.conf entry.*(no encryption|SSL off)",
     "the server may require TLS: remove sslmode from the dsn, or write sslmode=verify-full"),
    (r"password authentication failed|no password supplied", _CONFIGURATION["28P01"]),
    (r'database "[^"]*" does not exist', _CONFIGURATION["3D000"]),
    (r'role "[^"]*" (does not exist|is not permitted)|no pg_hba.conf entry|authentication failed',
     _CONFIGURATION["28000"]),
    (r"permission denied for database", "grant CONNECT on the database to the role of the dsn"),
    (r"SSL was required|certificate|sslmode", "correct sslmode and the certificates of the dsn"),
)  # fmt: skip
"""libpq has no SQLSTATE for a failed connection, so the text of the error decides."""

_SILENT = (
    "check the server and any proxy or tunnel, and run again; if it only needs more time, raise "
    "reply_timeout of the sink postgres"
)

_TOKEN_REFUSED = re.compile(r"(PAM|password) authentication failed|no pg_hba.conf entry")
_FULL = re.compile(r"too many (clients|connections)|connection slots are reserved|slots reserved")


def readable(error: psycopg.Error, address: Address, doing: str) -> StatpipeError | None:
    """
    Return the error to raise instead, or ``None`` if this one is a bug in statpipe.

    *doing* says what was tried, as in "loading gold.pce".
    """
    state, said = error.sqlstate, address.hide(_said(error))
    start = f"PostgreSQL at {address}, {doing}: {said}"
    if state is None:
        return _without_state(error, address, said, start)
    if state == "42501":
        role = f"the role {address.user}" if address.user else "the role of the dsn"
        return ConfigError(f"{start}; {_missing_right(said, role)}")
    if state in _CONFIGURATION:
        by_token = address.by_token and state in _LOGIN
        return ConfigError(f"{start}; {_REFUSED_BY_AWS if by_token else _CONFIGURATION[state]}")
    if state in ("23505", "23502", "21000"):
        return ContentError(f"{start}; the rows violate the grain that the model declares")
    if state in _UNAVAILABLE or state.startswith(_UNAVAILABLE_CLASSES):
        remedy = _UNAVAILABLE.get(state, _LATER)
        return Unavailable(f"{start}; {remedy}")
    return None


def _without_state(
    error: psycopg.Error, address: Address, said: str, start: str
) -> StatpipeError | None:
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    if _FULL.search(said):
        return Unavailable(f"{start}; {_UNAVAILABLE['53300']}")
    if "certificate verify failed" in said:
        return ConfigError(f"{start}: {why_distrusted(address)}")
    if address.by_token and _TOKEN_REFUSED.search(said):
        return ConfigError(f"{start}; {_REFUSED_BY_AWS}")
    for pattern, remedy in _AT_THE_DOOR:
        if re.search(pattern, said):
            return ConfigError(f"{start}; {remedy}")
    tunnel = address.tunnel
    what = f"the tunnel at {tunnel}" if tunnel and is_here(tunnel) else "it"
    remedy = f"check that {what} is up and reachable, and run again"
    return Unavailable(f"{start}; {_SILENT if isinstance(error, NoReply) else remedy}")


def _said(error: psycopg.Error) -> str:
    """Return the message of the server or of libpq on one line."""
    primary = error.diag.message_primary
    if primary:
        detail = error.diag.message_detail
        return f"{primary} ({detail})" if detail else primary
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if "FATAL" in line or "failed:" in line] or lines
    return said[-1] if said else type(error).__name__


def _missing_right(said: str, role: str) -> str:
    named = re.search(r"permission denied for (database|schema|table|view|sequence) (\S+)", said)
    if named is None:
        owned = re.search(r"must be owner of \w+ (\S+)", said)
        return (
            f"make {role} the owner of {owned[1]}"
            if owned
            else (f"grant {role} the missing rights")
        )
    kind, name = named[1], named[2]
    rights = {
        "database": "CREATE",
        "schema": "USAGE, CREATE",
        "table": "SELECT, INSERT, UPDATE, DELETE",
        "view": "SELECT",
        "sequence": "USAGE",
    }
    return f"GRANT {rights[kind]} ON {kind.upper()} {name} to {role}"
