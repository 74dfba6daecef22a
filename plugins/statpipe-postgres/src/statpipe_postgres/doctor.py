"""What ``statpipe doctor`` says about the database."""

from __future__ import annotations

from collections.abc import Iterator

from statpipe.api import Diagnosis, StatpipeError
from statpipe_postgres.connection import Connection, Session
from statpipe_postgres.settings import PostgresSettings

_SUBJECT = "postgres"
_OLDEST = 130000
"""PostgreSQL 13, in the server's own number."""


def diagnose(connection: Connection, settings: PostgresSettings) -> Iterator[Diagnosis]:
    """
    Connect, and look at version, encryption and rights.
    """
    try:
        with connection.session("looking at the database") as session:
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
    host = session.info.host
    if connection.embedded or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1"):
        return
    if not session.pgconn.ssl_in_use:
        finding = "figures and password travel unencrypted"
        yield Diagnosis(_SUBJECT, "warning", finding, "add sslmode=verify-full to the dsn")


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
        what = f"make schema {schema}" if absent else f"make tables in schema {schema}"
        if may:
            yield Diagnosis(_SUBJECT, "ok", f"role {role} may {what}")
            continue
        where = f"DATABASE {session.info.dbname}" if absent else f"SCHEMA {schema}"
        right = "CREATE" if absent else "USAGE, CREATE"
        remedy = f"GRANT {right} ON {where} TO {role}"
        yield Diagnosis(_SUBJECT, "error", f"role {role} may not {what}", remedy)
