"""Loading: the table takes the partition's rows, and only rows that differ are written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import frozen
from psycopg import sql

from statpipe.domain.difference import Difference, difference
from statpipe.domain.partition import what_differs
from statpipe_postgres.connection import Session
from statpipe_postgres.dependents import SetAside, set_aside
from statpipe_postgres.encode import csv_batches
from statpipe_postgres.grants import change_grants, relation_grants
from statpipe_postgres.tables import (
    GoldTable,
    add_indexes,
    add_key,
    change_key,
    comment,
    create_table,
    find_table,
    identifiers,
    narrow,
    oid_of,
    widen,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe.api import Partition

_STAGE = sql.Identifier("pg_temp", "statpipe_stage")
_DELTA = sql.Identifier("pg_temp", "statpipe_delta")
_IS_NEW = sql.Identifier("is new")
"""The flag of a new row; the space keeps it apart from a model's columns."""


@frozen(kw_only=True)
class Written:
    """
    How many rows a load touched.
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0


def load(
    session: Session,
    table: GoldTable,
    partition: Partition,
    later: list[SetAside],
    *,
    base: Partition | None = None,
    anew: bool = False,
) -> Written:
    """
    Make the table hold exactly the partition's rows. The caller holds its lock and a transaction.

    *anew* makes it from nothing, whatever it holds. *base* is what the table is known to hold: only the difference is sent then. Otherwise all rows
    are, and the server finds what differs. Where the table must be rebuilt, views that depend on
    it are added to *later*, for the caller to put back.

    :raises ConfigError: The table must be rebuilt, but something other than a view depends on it.
    """
    found = find_table(session, table)
    if found is None:
        return _first(session, table, partition.table)
    key_stays = set(found.key) == set(table.model.grain)
    if anew or not found.fits(table.model) or not (key_stays or change_key(session, table)):
        return _anew(session, table, partition.table, later)
    widen(session, table, found)
    found_different = _difference(base, partition, table) if base is not None else None
    if found_different is None:
        written = _apply_what_differs(session, table, partition.table)
    else:
        written = _apply_difference(session, table, found_different)
    narrow(session, table, found)
    add_indexes(session, table)
    comment(session, table, found)
    return written


def _difference(base: Partition, partition: Partition, table: GoldTable) -> Difference | None:
    """Say what is different in two partitions, if they have the same columns."""
    old, new = what_differs(base, partition)
    return difference(old, new, table.model.grain) if old.schema == new.schema else None


def wal_position(session: Session) -> int:
    """
    Return how many bytes of write-ahead log the whole server has written.
    """
    row = session.execute("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint").fetchone()
    return int(row[0]) if row else 0


def _first(session: Session, table: GoldTable, rows: pa.Table) -> Written:
    create_table(session, table)
    # FREEZE: nobody can see the table before the commit, so its rows need no later clean-up.
    _copy(session, table.name, table, rows, options="FORMAT csv, FREEZE")
    add_key(session, table)
    add_indexes(session, table)
    comment(session, table, None)
    return Written(inserted=len(rows))


def _anew(session: Session, table: GoldTable, rows: pa.Table, later: list[SetAside]) -> Written:
    """Rebuild the table with the rights that others had; their views are restored later."""
    counted = session.execute(sql.SQL("SELECT count(*) FROM {}").format(table.name)).fetchone()
    given = relation_grants(session, oid_of(session, table))
    later.append(set_aside(session, table.schema, table.model.name))
    session.execute(sql.SQL("DROP TABLE {}").format(table.name))
    written = _first(session, table, rows)
    # Materialized views are filled from it before the commit.
    session.execute(sql.SQL("ANALYZE {}").format(table.name))
    names = {column.name for column in table.model.columns}
    change_grants(
        session,
        sql.SQL("TABLE {}").format(table.name),
        now=relation_grants(session, oid_of(session, table)),
        wanted=frozenset(grant for grant in given if not grant.column or grant.column in names),
    )
    return Written(inserted=written.inserted, deleted=counted[0] if counted else 0)


def _apply_difference(session: Session, table: GoldTable, found: Difference) -> Written:
    """Send just what came, changed and went: each is copied when its turn comes."""
    deleted = _deleted(session, table, found.removed)
    updated = _updated(session, table, found.changed)
    inserted = _inserted(session, table, found.added)
    return Written(inserted=inserted, updated=updated, deleted=deleted)


def _deleted(session: Session, table: GoldTable, rows: pa.Table) -> int:
    if not len(rows):
        return 0
    with _staged(session, table, rows):
        _prepare_join(session)
        return session.execute(
            sql.SQL("DELETE FROM {} t USING {} s WHERE {}").format(
                table.name, _STAGE, _all_equal("s", table.model.grain)
            )
        ).rowcount


def _updated(session: Session, table: GoldTable, rows: pa.Table) -> int:
    if len(rows):
        with _staged(session, table, rows):
            _prepare_join(session)
            session.execute(_update_statement(table))
    return len(rows)


def _inserted(session: Session, table: GoldTable, rows: pa.Table) -> int:
    if len(rows):
        # No row can be there already, so no row need be looked for.
        _copy(session, table.name, table, rows, options="FORMAT csv")
    return len(rows)


def _apply_what_differs(session: Session, table: GoldTable, rows: pa.Table) -> Written:
    """Send all rows, find what is new or different by one hash join, then touch only that."""
    with _staged(session, table, rows):
        _prepare_join(session)
        session.execute(_delta_statement(table))
        found = session.execute(
            sql.SQL(
                "SELECT count(*) FILTER (WHERE {0}), count(*) FILTER (WHERE NOT {0}) FROM {1}"
            ).format(_IS_NEW, _DELTA)
        ).fetchone()
        inserted, updated = found or (0, 0)
        deleted = session.execute(
            sql.SQL("DELETE FROM {} t WHERE NOT EXISTS (SELECT FROM {} s WHERE {})").format(
                table.name, _STAGE, _all_equal("s", table.model.grain)
            )
        ).rowcount
        if inserted or updated:
            session.execute(_upsert_statement(table))
        session.execute(sql.SQL("DROP TABLE {}").format(_DELTA))
    return Written(inserted=inserted, updated=updated, deleted=deleted)


@contextmanager
def _staged(session: Session, table: GoldTable, rows: pa.Table) -> Iterator[None]:
    """Have rows in a temporary table; others may be staged in the same transaction."""
    columns = identifiers([column.name for column in table.model.columns])
    session.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            sql.Identifier("statpipe_stage"), columns, table.name
        )
    )
    _copy(session, _STAGE, table, rows, options="FORMAT csv")
    yield
    session.execute(sql.SQL("DROP TABLE {}").format(_STAGE))


def _prepare_join(session: Session) -> None:
    """Let the server join staged rows by one hash, where it would look each of many rows up."""
    session.execute(sql.SQL("ANALYZE {}").format(_STAGE))
    session.execute("SELECT set_config('work_mem', '64MB', true)")


def _delta_statement(table: GoldTable) -> sql.Composed:
    grain = table.model.grain
    absent = sql.SQL("t.{} IS NULL").format(sql.Identifier(grain[0]))
    differs: sql.Composable = sql.SQL("")
    if table.values:
        ours, theirs = (_of(alias, table.values) for alias in ("s", "t"))
        differs = sql.SQL(" OR ({}) IS DISTINCT FROM ({})").format(ours, theirs)
    return sql.SQL(
        "CREATE TEMP TABLE {delta} ON COMMIT DROP AS SELECT s.*, {absent} AS {is_new}"
        " FROM {stage} s LEFT JOIN {table} t ON {same_key} WHERE {absent}{differs}"
    ).format(
        delta=sql.Identifier("statpipe_delta"),
        absent=absent,
        is_new=_IS_NEW,
        stage=_STAGE,
        table=table.name,
        same_key=_all_equal("s", grain),
        differs=differs,
    )


def _update_statement(table: GoldTable) -> sql.Composed:
    sets = sql.SQL(", ").join(
        sql.SQL("{0} = s.{0}").format(sql.Identifier(name)) for name in table.values
    )
    return sql.SQL("UPDATE {} t SET {} FROM {} s WHERE {}").format(
        table.name, sets, _STAGE, _all_equal("s", table.model.grain)
    )


def _upsert_statement(table: GoldTable) -> sql.Composed:
    columns = identifiers([column.name for column in table.model.columns])
    action: sql.Composable = sql.SQL("DO NOTHING")
    if table.values:
        sets = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in table.values
        )
        action = sql.SQL("DO UPDATE SET {}").format(sets)
    return sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) {}").format(
        table.name, columns, columns, _DELTA, identifiers(table.model.grain), action
    )


def _copy(
    session: Session, target: sql.Identifier, table: GoldTable, rows: pa.Table, *, options: str
) -> None:
    columns = identifiers([column.name for column in table.model.columns])
    statement = sql.SQL("COPY {} ({}) FROM STDIN ({})").format(target, columns, sql.SQL(options))
    with session.cursor().copy(statement) as copy:
        for batch in csv_batches(rows, table.model):
            copy.write(memoryview(batch))


def _all_equal(alias: str, names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("{0}.{1} = t.{1}").format(sql.Identifier(alias), sql.Identifier(name))
        for name in names
    )


def _of(alias: str, names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in names)
