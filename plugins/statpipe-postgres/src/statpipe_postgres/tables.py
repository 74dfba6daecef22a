"""Gold tables: what a model declares, what exists, and how to change an existing table."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen
from psycopg import errors, sql

from statpipe.api import Column, ConfigError, Model
from statpipe_postgres.connection import Session

TYPES: Mapping[str, str] = {
    "text": "text",
    "integer": "bigint",
    "small": "smallint",
    "decimal": "numeric",
    "double": "double precision",
    "date": "date",
}
"""PostgreSQL's types for a model's columns, as ``format_type`` prints them."""


@frozen(kw_only=True)
class GoldTable:
    """
    The table that a model declares.
    """

    schema: str
    model: Model

    def __str__(self) -> str:
        """Return the name as analysts write it."""
        return f"{self.schema}.{self.model.name}"

    @property
    def name(self) -> sql.Identifier:
        """
        The qualified name, for statements.
        """
        return sql.Identifier(self.schema, self.model.name)

    @property
    def values(self) -> tuple[str, ...]:
        """
        Names of the columns that are not in the grain.
        """
        return tuple(c.name for c in self.model.columns if c.name not in self.model.grain)


@frozen(kw_only=True)
class Found:
    """
    An existing table: each column's type, whether it may be null, and its comment.
    """

    columns: Mapping[str, tuple[str, bool, str | None]]
    key: tuple[str, ...]
    comment: str | None

    def fits(self, model: Model) -> bool:
        """
        Return whether adding columns, or adding existing columns to the key, gives the declared
        table.
        """
        declared = {column.name: TYPES[column.type] for column in model.columns}
        same = all(declared.get(name) == type_ for name, (type_, _, _) in self.columns.items())
        added = set(model.grain) - set(self.key)
        there = all(name in self.columns and not self.columns[name][1] for name in added)
        return same and there and set(self.key) <= set(model.grain)


def identifiers(names: tuple[str, ...] | list[str]) -> sql.Composed:
    """
    Join names by commas.
    """
    return sql.SQL(", ").join(map(sql.Identifier, names))


def find_table(session: Session, table: GoldTable) -> Found | None:
    """
    Look up a table in the catalogue.

    :raises ConfigError: Something else has this name, such as a view.
    """
    place = (table.schema, table.model.name)
    row = session.execute(
        "SELECT c.oid, c.relkind::text, obj_description(c.oid, 'pg_class') FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s",
        place,
    ).fetchone()
    if row is None:
        return None
    oid, kind, comment = row
    if kind not in ("r", "p"):
        msg = f"{table} is not a table; drop or rename it, and run again"
        raise ConfigError(msg)
    columns = session.execute(
        "SELECT attname::text, format_type(atttypid, atttypmod), NOT attnotnull,"
        " col_description(attrelid, attnum) FROM pg_attribute"
        " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (oid,),
    ).fetchall()
    key = session.execute(
        "SELECT a.attname::text FROM pg_index i JOIN pg_attribute a"
        " ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " WHERE i.indrelid = %s AND i.indisprimary",
        (oid,),
    ).fetchall()
    return Found(
        columns={name: (type_, nullable, text) for name, type_, nullable, text in columns},
        key=tuple(name for (name,) in key),
        comment=comment,
    )


def create_table(session: Session, table: GoldTable) -> None:
    """
    Create the table without its key, because filling it first is faster.
    """
    columns = sql.SQL(", ").join(
        _column(column) + sql.SQL("" if column.nullable else " NOT NULL")
        for column in table.model.columns
    )
    session.execute(sql.SQL("CREATE TABLE {} ({})").format(table.name, columns))


def add_key(session: Session, table: GoldTable) -> None:
    """
    Make the grain the primary key.
    """
    if table.model.grain:
        key = identifiers(table.model.grain)
        session.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(table.name, key))


def change_key(session: Session, table: GoldTable) -> bool:
    """
    Make the grain the primary key in place of the one that is there, with all else as it is.

    Return whether that is possible: other objects may depend on the key.
    """
    oid = oid_of(session, table)
    row = session.execute(
        "SELECT conname::text FROM pg_constraint WHERE conrelid = %s AND contype = 'p'", (oid,)
    ).fetchone()
    try:
        with session.transaction():
            if row is not None:
                _alter(session, table, sql.SQL("DROP CONSTRAINT {}").format(sql.Identifier(row[0])))
            add_key(session, table)
    except errors.DependentObjectsStillExist:
        return False
    return True


def add_indexes(session: Session, table: GoldTable) -> None:
    """
    Create missing declared indexes. Other people's indexes stay.
    """
    there = session.execute(
        "SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_index i"
        " CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number"
        " WHERE i.indrelid = to_regclass(%s) GROUP BY i.indexrelid",
        (table.name.as_string(session),),
    ).fetchall()
    for index in table.model.indexes:
        if (list(index),) not in there:
            session.execute(
                sql.SQL("CREATE INDEX ON {} ({})").format(table.name, identifiers(index))
            )


def oid_of(session: Session, table: GoldTable) -> int:
    """
    Return the table's number in the catalogue.
    """
    row = session.execute(
        "SELECT to_regclass(%s)::oid::int8", (table.name.as_string(session),)
    ).fetchone()
    return int(row[0]) if row else 0


def widen(session: Session, table: GoldTable, found: Found) -> None:
    """
    Add new columns, and drop NOT NULL where nulls are allowed now.
    """
    for column in table.model.columns:
        if column.name not in found.columns:
            _alter(session, table, sql.SQL("ADD COLUMN ") + _column(column))
        elif column.nullable and not found.columns[column.name][1] and column.name not in found.key:
            _alter_column(session, table, column, "DROP NOT NULL")


def narrow(session: Session, table: GoldTable, found: Found) -> None:
    """
    Set NOT NULL where it is declared and missing. The rows must be loaded before.
    """
    for column in table.model.columns:
        _, nullable, _ = found.columns.get(column.name, ("", True, None))
        if not column.nullable and nullable:
            _alter_column(session, table, column, "SET NOT NULL")


def comment(session: Session, table: GoldTable, found: Found | None) -> None:
    """
    Write title, descriptions and units as comments, which clients show. Correct ones are not
    changed.
    """
    if found is None or found.comment != table.model.title:
        title = sql.Literal(table.model.title)
        session.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(table.name, title))
    for column in table.model.columns:
        known = found.columns.get(column.name) if found else None
        if known is None or known[2] != column.comment:
            place = sql.Identifier(table.schema, table.model.name, column.name)
            text = sql.Literal(column.comment)
            session.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(place, text))


def _column(column: Column) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(TYPES[column.type]))


def _alter(session: Session, table: GoldTable, change: sql.Composable) -> None:
    session.execute(sql.SQL("ALTER TABLE {} {}").format(table.name, change))


def _alter_column(session: Session, table: GoldTable, column: Column, change: str) -> None:
    what = sql.SQL("ALTER COLUMN {} {}").format(sql.Identifier(column.name), sql.SQL(change))
    _alter(session, table, what)
