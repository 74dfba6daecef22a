"""One connection, opened when it is first needed and reopened after it was lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from statpipe.api import Secret
from statpipe_postgres.acting import as_loader
from statpipe_postgres.address import Address, served_address
from statpipe_postgres.embedded import EmbeddedPostgres
from statpipe_postgres.errors import readable
from statpipe_postgres.iam import IamLogin, iam_login, with_token
from statpipe_postgres.patience import PatientConnection
from statpipe_postgres.settings import PostgresSettings
from statpipe_postgres.tls import with_tls

Session: TypeAlias = psycopg.Connection[tuple[Any, ...]]

_DEFAULTS = {
    "application_name": "statpipe",
    # A server that vanished silently is noticed within half a minute.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
"""Defaults that the address may override."""

_GRACE = 5.0
"""Seconds for a cancelled statement's error to arrive."""


class Connection:
    """
    The connection to an environment's database, embedded or on a server.
    """

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._session: Session | None = None
        self._iam: IamLogin | None = None
        self.embedded: EmbeddedPostgres | None = None
        dsn: Secret | None = settings.dsn
        if dsn is None:
            home = settings.environment.home
            self.embedded = EmbeddedPostgres(home / settings.embedded)
            parameters = conninfo_to_dict(self.embedded.conninfo)
            self.address = Address({name: str(value) for name, value in parameters.items()})
        else:
            told = with_token(served_address(dsn, settings.environment.name), settings)
            if told.by_token:
                self._iam = iam_login(told, settings)
            self.address = with_tls(told, settings)

    @contextmanager
    def session(self, doing: str) -> Iterator[Session]:
        """
        Yield the open connection. *doing* says in error messages what was tried.

        :raises Unavailable: The database cannot be reached, is full, or is busy.
        :raises ConfigError: The database refuses the role, or a privilege is missing.
        """
        try:
            yield self._open()
        except psycopg.Error as error:
            foreseen = readable(error, self.address, doing)
            if foreseen is None:
                raise
            raise foreseen from None
        finally:
            if self._session is not None and self._session.closed:
                self._session = None

    def forget(self) -> None:
        """
        Drop the connection. The next session opens another one.
        """
        if self._session is not None:
            self._session.close()
            self._session = None

    def close(self) -> None:
        """
        Disconnect, and stop an embedded server if nobody else uses it.
        """
        self.forget()
        if self.embedded is not None:
            self.embedded.close()

    def _open(self) -> Session:
        if self._session is not None and not self._session.closed:
            return self._session
        timeout = {"connect_timeout": str(self._settings.connect_timeout)}
        parameters = {**timeout, **_DEFAULTS, **self.address.parameters}
        if self.embedded is not None:
            self.embedded.start()
            parameters["password"] = self.embedded.password
        if self._iam is not None:
            parameters["password"] = self._iam.token()
        session = PatientConnection.connect(
            make_conninfo(**parameters),
            autocommit=True,
            client_encoding="UTF8",
            # Prepared statements fail with poolers that give each transaction to another server
            # process.
            prepare_threshold=None,
        )
        # Let the server time out first: it gives the reason and frees its locks.
        session.patience = self._settings.reply_timeout + _GRACE
        with contextlib.ExitStack() as undo:
            undo.callback(session.close)
            session.execute(
                "SELECT set_config('lock_timeout', %s, false), set_config('TimeZone', 'UTC', false),"
                " set_config('search_path', 'pg_catalog, pg_temp', false)",
                (f"{self._settings.lock_timeout}s",),
            )
            _limit_statements(session, self._settings.reply_timeout * 1000)
            as_loader(session, gold=self._settings.gold, operations=self._settings.operations)
            undo.pop_all()
        self._session = session
        return session


def _limit_statements(session: Session, milliseconds: int) -> None:
    """Let the server end statements that take longer. A shorter limit of the server stays."""
    session.execute(
        "SELECT set_config('statement_timeout', %(ours)s::text, false) FROM pg_settings"
        " WHERE name = 'statement_timeout' AND setting::bigint NOT BETWEEN 1 AND %(ours)s",
        {"ours": milliseconds},
    )


@contextmanager
def transaction(session: Session, *, read_only: bool = False) -> Iterator[None]:
    """
    Commit everything done inside, or nothing.
    """
    # Never READ WRITE: a database that its owners made read-only stays read-only.
    session.execute("BEGIN READ ONLY" if read_only else "BEGIN")
    try:
        yield
    except BaseException:
        # The original error is already being raised. A lost connection rolls back by itself.
        with contextlib.suppress(psycopg.Error):
            session.rollback()
        raise
    session.commit()


def transaction_number(session: Session) -> str | None:
    """
    Return the number of the open transaction, or ``None`` if it has written nothing.
    """
    row = session.execute("SELECT pg_current_xact_id_if_assigned()::text").fetchone()
    return row[0] if row else None


def was_committed(session: Session, number: str | None) -> bool:
    """
    Return whether a past transaction was committed, according to the server's commit log.
    """
    if number is None:
        return True
    row = session.execute(
        # After a failover, the new server may not have reached this number yet.
        "SELECT CASE WHEN %(number)s::xid8 < pg_snapshot_xmax(pg_current_snapshot())"
        " THEN pg_xact_status(%(number)s::xid8) END",
        {"number": number},
    ).fetchone()
    return row == ("committed",)


def advisory_lock(session: Session, name: str) -> None:
    """
    Lock a name until the end of the transaction: other sessions wait for the same name.
    """
    session.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"statpipe {name}",))
