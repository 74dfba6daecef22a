"""The sink: Gold tables and the record of runs in PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import quote

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus

from statpipe.api import (
    ConfigError,
    Database,
    Diagnosis,
    How,
    Layer,
    Manifest,
    Model,
    Partition,
    PartitionKey,
    Receipt,
    Rows,
    StatpipeError,
    Unavailable,
)
from statpipe_postgres import doctor, operations, roles
from statpipe_postgres.connection import (
    Connection,
    Session,
    advisory_lock,
    transaction,
    transaction_number,
    was_committed,
)
from statpipe_postgres.dependents import SetAside
from statpipe_postgres.derive import derive
from statpipe_postgres.errors import readable
from statpipe_postgres.load import Written, load, wal_position
from statpipe_postgres.planner import analyse
from statpipe_postgres.settings import PostgresSettings
from statpipe_postgres.statement import empty, mistake, readable_bytes
from statpipe_postgres.tables import GoldTable

NAME = "postgres"


class PostgresSink(Database):
    """
    Gold in PostgreSQL. It connects, and starts an embedded server, when it is first used.
    """

    layers = frozenset({Layer.GOLD})

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._connection = Connection(settings)
        self._has_schemas = False

    def fingerprint(self, key: PartitionKey) -> str | None:
        relation = f"{self._settings.gold}.{key.owner}"
        with self._connection.session(f"asking what {self._settings.gold} holds") as session:
            # Not there yet: nothing is held.
            absent = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName)
            with contextlib.suppress(*absent):
                return operations.held_fingerprint(session, self._settings.operations, relation)
        return None

    def load(
        self, partitions: Sequence[Partition], views: Sequence[Model], how: How = "trust"
    ) -> Sequence[Receipt]:
        tables = [_table(self._settings.gold, partition) for partition in partitions]
        names = ", ".join(str(table) for table in tables) or f"views of {self._settings.gold}"
        receipts: list[Receipt] = []
        at_commit, number = False, None
        try:
            with self._ready(f"loading {names}") as session:
                with transaction(session):
                    aside: list[SetAside] = []
                    for table, partition in zip(tables, partitions, strict=True):
                        receipts.append(self._loaded(session, table, partition, aside, how))
                    for view in views:
                        receipts += self._derived(session, view, aside, anew=how == "rebuild")
                    # Views of ours are rebuilt by now; those of others come back as they were.
                    for one in reversed(aside):
                        one.put_back(session)
                    number = transaction_number(session)
                    at_commit = True
                analyse(session, list(zip(tables, receipts, strict=False)))
        except Unavailable as error:
            # The reply to COMMIT may be lost although the commit was made.
            if not (at_commit and self._was_committed(number, receipts, names, error)):
                raise
        return receipts

    def _loaded(
        self,
        session: Session,
        table: GoldTable,
        partition: Partition,
        aside: list[SetAside],
        how: How,
    ) -> Receipt:
        relation = str(table)
        written = Written()
        before = wal_position(session)
        held = self._held(session, relation)
        if held != partition.fingerprint or how != "trust":
            previous = partition.previous
            known = how == "trust" and previous is not None and previous.fingerprint == held
            base = previous if known else None
            written = load(session, table, partition, aside, base=base, anew=how == "rebuild")
            self._hold(session, relation, partition.fingerprint, partition.rows)
        return Receipt(
            sink=NAME,
            path=partition.key.path,
            fingerprint=partition.fingerprint,
            rows=partition.rows,
            inserted=written.inserted,
            updated=written.updated,
            deleted=written.deleted,
            wal_bytes=wal_position(session) - before,
        )

    def _derived(
        self, session: Session, view: Model, aside: list[SetAside], *, anew: bool
    ) -> Iterator[Receipt]:
        """Make a view, unless it is there just so."""
        relation = f"{self._settings.gold}.{view.name}"
        if anew or self._held(session, relation) != view.version:
            before = wal_position(session)
            derive(session, self._settings.gold, view, aside)
            self._hold(session, relation, view.version, 0)
            written = wal_position(session) - before
            yield Receipt(
                sink=NAME,
                path=PartitionKey(layer=Layer.GOLD, owner=view.name).path,
                fingerprint=view.version,
                rows=0,  # they are derived
                bytes_written=written,
                wal_bytes=written,
            )

    def record(self, manifest: Manifest) -> None:
        with self._ready(f"recording run {manifest.run_id}") as session, transaction(session):
            advisory_lock(session, f"run {manifest.run_id}")
            operations.record(session, self._settings.operations, manifest)

    def match_records(
        self, source: str, run_ids: Sequence[str], manifest: Callable[[str], Manifest | None]
    ) -> None:
        with self._ready(f"comparing the record of {source} with the lake") as session:
            recorded = operations.recorded_runs(session, self._settings.operations, source)
            unknown = recorded - set(run_ids)
            if unknown:
                with transaction(session):
                    operations.forget(session, self._settings.operations, unknown)
            for run_id in run_ids:
                found = manifest(run_id) if run_id not in recorded else None
                if found is not None:
                    self.record(found)

    def remove_scratch(self) -> None:
        if self._settings.environment.scratch is None:
            return
        schemas = (self._settings.gold, self._settings.operations)
        doing = "removing the scratch schemas"
        with self._connection.session(doing) as session, transaction(session):
            operations.drop_scratch(session, schemas)
        self._has_schemas = False

    def query(self, sql: str) -> Rows:
        sent = readable_bytes(sql)
        with self._connection.session("asking") as session, transaction(session, read_only=True):
            session.execute("SELECT set_config('search_path', %s, true)", (self._settings.gold,))
            try:
                # A pipeline takes one statement at a time: nobody can smuggle in a COMMIT.
                with psycopg.RawCursor(session) as cursor, session.pipeline() as pipeline:
                    cursor.execute(sent)
                    pipeline.sync()
                    if cursor.pgresult and cursor.pgresult.status == ExecStatus.EMPTY_QUERY:
                        raise empty()
                    names = tuple(column.name for column in cursor.description or ())
                    return Rows(names, cursor.fetchall() if names else ())
            except psycopg.Error as error:
                if session.info.transaction_status == TransactionStatus.ACTIVE:
                    session.close()  # it waits for the rest of a COPY
                raise self._wrong_statement(error, sql) from None

    def init(self) -> Sequence[str]:
        with self._connection.session("creating schemas, roles and grants") as session:
            self._make_schemas(session)
            return self._make_roles(session)

    def start(self) -> str:
        embedded = self._connection.embedded
        if embedded is None:
            return self._not_ours("start")
        embedded.keep()
        return self._uri

    def stop(self) -> str:
        embedded = self._connection.embedded
        if embedded is None:
            return self._not_ours("stop")
        self._connection.forget()
        root = embedded.folder.root
        if embedded.stop():
            return f"the embedded PostgreSQL in {root} is stopped"
        return (
            f"the embedded PostgreSQL in {root} is still used by another process, and stops when "
            "that process ends"
        )

    def diagnose(self) -> Iterable[Diagnosis]:
        return doctor.diagnose(self._connection, self._settings)

    def locations(self) -> dict[str, str]:
        return {
            "gold tables": self._uri,
            "gold schema": self._settings.gold,
            "runs, checks and lineage": f"schema {self._settings.operations}, same database",
        }

    def close(self) -> None:
        self._connection.close()

    @property
    def _uri(self) -> str:
        """The address; that of an embedded server also opens the schema for analysts."""
        embedded = self._connection.embedded
        if embedded is None:
            return self._connection.address.uri
        return f"{embedded.uri}&options={quote(f'-csearch_path={self._settings.gold}')}"

    def _not_ours(self, what: str) -> str:
        address = self._connection.address
        return f"{address.uri} is not managed by statpipe, so statpipe cannot {what} it"

    @contextlib.contextmanager
    def _ready(self, doing: str) -> Iterator[Session]:
        """Give a session in a database that has our schemas."""
        with self._connection.session(doing) as session:
            if not self._has_schemas:
                self._make_schemas(session)
                if self._connection.embedded and self._settings.environment.scratch is None:
                    self._make_roles(session)
                self._has_schemas = True
            yield session

    def _make_schemas(self, session: Session) -> None:
        operations.make_schemas(
            session,
            gold=self._settings.gold,
            operations=self._settings.operations,
            scratch=self._settings.environment.scratch is not None,
        )

    def _make_roles(self, session: Session) -> Sequence[str]:
        return roles.make_roles(
            session,
            gold=self._settings.gold,
            operations=self._settings.operations,
            iam_login=self._settings.iam_login,
        )

    def _held(self, session: Session, relation: str) -> str | None:
        """Take the relation's turn, then look: another process may just have loaded it."""
        advisory_lock(session, f"table {relation}")
        return operations.held_fingerprint(session, self._settings.operations, relation)

    def _hold(self, session: Session, relation: str, fingerprint: str, rows: int) -> None:
        operations.hold(session, self._settings.operations, relation, fingerprint, rows)

    def _was_committed(
        self, number: str | None, receipts: Sequence[Receipt], names: str, lost: Unavailable
    ) -> bool:
        self._connection.forget()
        try:
            with self._connection.session(f"loading {names}") as session, transaction(session):
                # The locks are free only when the lost connection's transaction has ended.
                there = all(
                    self._held(session, f"{self._settings.gold}.{receipt.path.rpartition('/')[2]}")
                    == receipt.fingerprint
                    for receipt in receipts
                )
                # A table that is rebuilt had its fingerprint already, so that alone tells little.
                return there and was_committed(session, number)
        except Unavailable:
            msg = (
                f"{lost}; it is not known whether the load of {names} was committed: the next "
                "run will check first"
            )
            raise Unavailable(msg) from lost

    def _wrong_statement(self, error: psycopg.Error, sql: str) -> StatpipeError:
        foreseen = readable(error, self._connection.address, "asking")
        no_right = isinstance(error, psycopg.errors.InsufficientPrivilege)
        read_only = isinstance(error, psycopg.errors.ReadOnlySqlTransaction)
        if foreseen and (no_right or (isinstance(foreseen, Unavailable) and not read_only)):
            return foreseen
        return ConfigError(self._connection.address.hide(mistake(error, sql)))


def _table(schema: str, partition: Partition) -> GoldTable:
    model = partition.model
    if model is None:
        msg = f"partition {partition.key.path} has no model that declares its table"
        raise ValueError(msg)
    return GoldTable(schema=schema, model=model)
