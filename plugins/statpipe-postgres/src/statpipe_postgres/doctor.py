"""The database checks of ``statpipe doctor``."""

from __future__ import annotations

from collections.abc import Iterator

from statpipe.api import Diagnosis, StatpipeError
from statpipe_postgres.address import Address
from statpipe_postgres.connection import Connection, Session
from statpipe_postgres.settings import PostgresSettings

_SUBJECT = "postgres"
_OLDEST = 130000
"""PostgreSQL 13, in the server's own number."""

_VERIFY = "write sslmode=verify-full in the dsn, and set `ca` of the sink postgres"


def diagnose(connection: Connection, settings: PostgresSettings) -> Iterator[Diagnosis]:
    """
    Connect, and check version, encryption and privileges.
    """
    try:
        with connection.session("checking the database") as session:
            yield _reached(connection, session)
            yield from _encryption(connection, session)
            yield from _rights(connection, settings, session)
    except StatpipeError as error:
        finding, _, remedy = str(error).rpartition("; ")
        yield Diagnosis(_SUBJECT, "error", finding or remedy, remedy if finding else "")


def _reached(connection: Connection, session: Session) -> Diagnosis:
    number = session.info.server_version
    version = session.info.parameter_status("server_version")
    what = "embedded" if connection.embedded else "served"
    finding = f"{what} PostgreSQL {version} answers at {connection.address}"
    if number < _OLDEST:
        return Diagnosis(_SUBJECT, "error", finding, "use PostgreSQL 13 or newer")
    return Diagnosis(_SUBJECT, "ok", finding)


def _encryption(connection: Connection, session: Session) -> Iterator[Diagnosis]:
    if connection.embedded:
        return
    mode = session.info.get_parameters().get("sslmode", "prefer")
    if not session.pgconn.ssl_in_use:
        yield _unencrypted(connection.address)
    elif mode == "verify-full":
        finding = f"{_tls(session)}; certificate and name {session.info.host} are verified"
        yield Diagnosis(_SUBJECT, "ok", finding)
    elif connection.address.stays_here:
        yield Diagnosis(_SUBJECT, "ok", f"{_tls(session)}, and does not leave this machine")
    else:
        missing = "name is" if mode == "verify-ca" else "certificate is"
        finding = f"{_tls(session)}, but the server's {missing} not verified (sslmode={mode})"
        yield Diagnosis(_SUBJECT, "warning", finding, _VERIFY)


def _tls(session: Session) -> str:
    row = session.execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    # If a pooler in front of the server does TLS, the server does not know about it.
    protocol = row[0] if row and row[0] else "TLS"
    return f"the connection is encrypted by {protocol}"


def _unencrypted(address: Address) -> Diagnosis:
    if address.stays_here:
        finding = "the connection is not encrypted, but does not leave this machine"
        return Diagnosis(_SUBJECT, "ok", finding)
    return Diagnosis(_SUBJECT, "warning", "figures and password are sent unencrypted", _VERIFY)


def _rights(
    connection: Connection, settings: PostgresSettings, session: Session
) -> Iterator[Diagnosis]:
    role = connection.address.user or session.info.user
    for schema in (settings.gold, settings.operations):
        row = session.execute(
            "SELECT CASE WHEN n.oid IS NULL"
            " THEN has_database_privilege(current_database(), 'CREATE')"
            " ELSE has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE')"
            " END, n.oid IS NULL"
            " FROM (SELECT %s::name AS wanted) w LEFT JOIN pg_namespace n ON n.nspname = w.wanted",
            (schema,),
        ).fetchone()
        may, absent = row or (False, True)
        what = f"create schema {schema}" if absent else f"create tables in schema {schema}"
        if may:
            yield Diagnosis(_SUBJECT, "ok", f"role {role} may {what}")
            continue
        where = f"DATABASE {session.info.dbname}" if absent else f"SCHEMA {schema}"
        right = "CREATE" if absent else "USAGE, CREATE"
        remedy = f"GRANT {right} ON {where} TO {role}"
        yield Diagnosis(_SUBJECT, "error", f"role {role} may not {what}", remedy)
