"""The operations schema: what the tables hold, which runs there were, and their lineage."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from attrs import frozen
from psycopg import sql
from psycopg.types.json import Jsonb

from statpipe.api import ConfigError, Manifest
from statpipe_postgres.connection import Session, advisory_lock, transaction

SCRATCH = "Scratch schema of a statpipe smoke run: removed with everything in it"
"""The comment on schemas that statpipe may drop."""


@frozen
class OperationsTable:
    """
    A table of the operations schema: comment, columns (name, type, comment), and key.
    """

    name: str
    comment: str
    columns: tuple[tuple[str, str, str], ...]
    key: tuple[str, ...]


DATASET_STATE = OperationsTable(
    "dataset_state",
    "The state of each Gold table; written in the transaction that loads the table",
    (
        ("relation", "text", "Schema and name of the table"),
        (
            "fingerprint",
            "text NOT NULL",
            ("Hash of the figures and the code that the table was made from"),
        ),
        ("rows", "bigint NOT NULL", "Number of its rows"),
        ("loaded_at", "timestamptz NOT NULL DEFAULT now()", "When it was last loaded"),
    ),
    ("relation",),
)
INGEST_RUNS = OperationsTable(
    "ingest_runs",
    "One row per run of a source",
    (
        ("run_id", "text", "Identifier of the run; sorts by time"),
        ("source", "text NOT NULL", "Source that ran"),
        ("environment", "text NOT NULL", "Environment that it ran in"),
        ("command", "text NOT NULL", "What was asked for"),
        ("started", "timestamptz NOT NULL", "When it began"),
        ("finished", "timestamptz NOT NULL", "When it ended"),
        ("outcome", "text NOT NULL", "loaded, unchanged, ingested, refused, failed, interrupted"),
        ("exit_code", "integer NOT NULL", "Exit code of the command"),
        ("message", "text NOT NULL", "What went wrong; empty if nothing did"),
        ("notice", "text NOT NULL", "Notice for readers of the figures"),
        ("versions", "jsonb NOT NULL", "Versions of the software that ran"),
    ),
    ("run_id",),
)
CHECK_RESULTS = OperationsTable(
    "check_results",
    "One row per check of a vintage",
    (
        ("run_id", "text", "Run that checked"),
        ("number", "integer", "Place of the result in its run"),
        ("check_name", "text NOT NULL", "Name of the check"),
        ("dataset", "text NOT NULL", "Dataset that was checked"),
        ("vintage", "text NOT NULL", "Vintage that was checked"),
        ("severity", "text NOT NULL", "error refuses the vintage; warning is only reported"),
        ("passed", "boolean NOT NULL", "The verdict"),
        ("message", "text NOT NULL", "The verdict as text"),
        ("failures", "bigint NOT NULL", "Number of offending cells"),
        ("cells", "jsonb NOT NULL", "The first of the offending cells"),
    ),
    ("run_id", "number"),
)
LINEAGE = OperationsTable(
    "lineage",
    (
        "One row per payload that a run read for a vintage; it leads from a figure back to the "
        "agency's answer"
    ),
    (
        ("run_id", "text", "Run that read the payload"),
        ("number", "integer", "Place of the payload in its run"),
        ("source", "text NOT NULL", "Source that the payload is from"),
        ("dataset", "text NOT NULL", "Dataset that it belongs to"),
        ("vintage", "text NOT NULL", "Vintage that it belongs to"),
        ("bronze_key", "text NOT NULL", "Its path in Bronze, below the environment's root"),
        ("sha256", "text NOT NULL", "SHA-256 of its bytes"),
        ("request", "jsonb NOT NULL", "The request, without credentials"),
        ("retrieved", "timestamptz", "When the agency answered"),
    ),
    ("run_id", "number"),
)
TABLES = (DATASET_STATE, INGEST_RUNS, CHECK_RESULTS, LINEAGE)


def make_schemas(session: Session, *, gold: str, operations: str, scratch: bool) -> None:
    """
    Make what is missing of the two schemas and the operations tables.

    Existing ones are looked up first, because even CREATE ... IF NOT EXISTS needs the CREATE
    privilege.

    :raises ConfigError: A schema with the name of a scratch corner exists, and is not ours.
    """
    with transaction(session):
        advisory_lock(session, f"schemas {gold} {operations}")
        for schema, purpose in ((gold, "Tables for analysts"), (operations, "Records of statpipe")):
            _make_schema(session, schema, SCRATCH if scratch else purpose, scratch=scratch)
        there = session.execute(
            "SELECT relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s",
            (operations,),
        ).fetchall()
        for table in TABLES:
            if (table.name,) not in there:
                _make_table(session, operations, table)


def drop_scratch(session: Session, schemas: tuple[str, ...]) -> None:
    """
    Drop schemas with their contents, if they belong to a scratch corner.
    """
    for schema in schemas:
        if _comment(session, schema) == (SCRATCH,):
            session.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def held_fingerprint(session: Session, operations: str, relation: str) -> str | None:
    """
    Return the fingerprint of a table (``gold.name``), or ``None`` if the table does not exist.
    """
    row = session.execute(
        sql.SQL(
            "SELECT fingerprint FROM {} WHERE relation = %s AND to_regclass(relation) IS NOT NULL"
        ).format(sql.Identifier(operations, DATASET_STATE.name)),
        (relation,),
    ).fetchone()
    return row[0] if row else None


def hold(session: Session, operations: str, relation: str, fingerprint: str, rows: int) -> None:
    """
    Record the fingerprint that a table has when this transaction ends.
    """
    session.execute(
        sql.SQL(
            "INSERT INTO {} AS held (relation, fingerprint, rows) VALUES (%s, %s, %s)"
            " ON CONFLICT (relation) DO UPDATE SET fingerprint = excluded.fingerprint,"
            " rows = excluded.rows, loaded_at = excluded.loaded_at"
        ).format(sql.Identifier(operations, DATASET_STATE.name)),
        (relation, fingerprint, rows),
    )


def record(session: Session, operations: str, manifest: Manifest) -> None:
    """
    Write the record of a run, and replace an earlier one. The caller holds a transaction.
    """
    forget(session, operations, {manifest.run_id})
    for table, rows in (
        (INGEST_RUNS, _run(manifest)),
        (CHECK_RESULTS, _checks(manifest)),
        (LINEAGE, _lineage(manifest)),
    ):
        name = sql.Identifier(operations, table.name)
        slots = sql.SQL(", ").join([sql.Placeholder()] * len(table.columns))
        with session.cursor() as cursor:
            cursor.executemany(sql.SQL("INSERT INTO {} VALUES ({})").format(name, slots), rows)


def recorded_runs(session: Session, operations: str, source: str) -> set[str]:
    """
    Return the identifiers of the recorded runs of a source.
    """
    rows = session.execute(
        sql.SQL("SELECT run_id FROM {} WHERE source = %s").format(
            sql.Identifier(operations, INGEST_RUNS.name)
        ),
        (source,),
    ).fetchall()
    return {run_id for (run_id,) in rows}


def forget(session: Session, operations: str, run_ids: Collection[str]) -> None:
    """
    Remove the records of runs. The caller holds a transaction.
    """
    for table in (INGEST_RUNS, CHECK_RESULTS, LINEAGE):
        session.execute(
            sql.SQL("DELETE FROM {} WHERE run_id = ANY(%s)").format(
                sql.Identifier(operations, table.name)
            ),
            (sorted(run_ids),),
        )


def _run(manifest: Manifest) -> Iterator[tuple[Any, ...]]:
    yield (
        manifest.run_id,
        manifest.source,
        manifest.environment,
        manifest.command,
        _utc(manifest.started),
        _utc(manifest.finished),
        manifest.outcome,
        manifest.exit_code,
        manifest.message,
        manifest.notice,
        Jsonb(dict(manifest.versions)),
    )


def _checks(manifest: Manifest) -> Iterator[tuple[Any, ...]]:
    for number, result in enumerate(manifest.checks, 1):
        yield (
            manifest.run_id,
            number,
            result.check,
            result.dataset,
            result.vintage,
            result.severity,
            result.passed,
            result.in_words,
            result.failures,
            Jsonb([dict(cell) for cell in result.cells]),
        )


def _lineage(manifest: Manifest) -> Iterator[tuple[Any, ...]]:
    pairs = ((vintage, kept) for vintage in manifest.vintages for kept in vintage.bronze)
    for number, (vintage, kept) in enumerate(pairs, 1):
        yield (
            manifest.run_id,
            number,
            manifest.source,
            vintage.dataset,
            vintage.vintage,
            kept.key,
            kept.sha256,
            Jsonb(dict(kept.request)),
            _utc(kept.retrieved),
        )


def _utc(moment: datetime | None) -> datetime | None:
    """Return a time in UTC. Times without a zone in manifests are UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _comment(session: Session, schema: str) -> tuple[str | None] | None:
    return session.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s",
        (schema,),
    ).fetchone()


def _make_schema(session: Session, schema: str, purpose: str, *, scratch: bool) -> None:
    there = _comment(session, schema)
    if there is None:
        name = sql.Identifier(schema)
        session.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        session.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(purpose)))
    elif scratch and there != (SCRATCH,):
        msg = (
            f"schema {schema} is not a scratch schema of statpipe, and a smoke run would drop "
            "it; rename it, or give the smoke run another name"
        )
        raise ConfigError(msg)


def _make_table(session: Session, operations: str, table: OperationsTable) -> None:
    name = sql.Identifier(operations, table.name)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(type_))
        for column, type_, _ in table.columns
    )
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    session.execute(sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY ({}))").format(name, columns, key))
    text = sql.Literal(table.comment)
    session.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(name, text))
    for column, _, words in table.columns:
        place = sql.Identifier(operations, table.name, column)
        session.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(place, sql.Literal(words)))
