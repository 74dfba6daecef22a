"""SQL over Arrow tables, with an in-memory DuckDB that uses no disk, network or extension."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from statpipe.domain.enumerations import Enumerations
from statpipe.domain.verdict import SHOWN_CELLS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SETTINGS = """
    SET memory_limit = '1GB';
    SET temp_directory = '';
    SET autoinstall_known_extensions = false;
    SET autoload_known_extensions = false;
    SET enable_external_access = false;
"""
_THREADS = 2
"""Checks of several datasets may run at the same time, so each gets little memory."""

_FEW = 10_000
"""With fewer rows, creating enumerations costs more than it saves: a source may have hundreds of
small datasets."""


@frozen
class Database:
    """
    Named tables, and queries on them.
    """

    connection: Any
    _codes: Enumerations = field(init=False, repr=False)

    @_codes.default
    def _no_codes(self) -> Enumerations:
        return Enumerations(connection=self.connection, least=_FEW)

    def add(self, name: str, table: pa.Table, columns: Iterable[str]) -> None:
        """
        Register some columns of a table as *name*, with enumerations for codes unless it is small.
        """
        self._codes.bring(name, table.select(list(dict.fromkeys(columns))))

    def run(self, sql: str, **values: Any) -> None:
        """
        Run a statement without a result.
        """
        self.connection.execute(sql, values)

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """
        Return the rows of a query; ``$name`` in the text stands for a value.
        """
        cursor = self.connection.execute(sql, values or None)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def first(
        self, sql: str, order: str = "ALL", **values: Any
    ) -> tuple[int, list[dict[str, Any]]]:
        """
        Count the rows of a query, and return those that a verdict shows.

        They are sorted by their columns or by *order*, so the order of the table does not matter.
        """
        shown = self.rows(
            f"""
            SELECT *, count(*) OVER () AS "number of rows"
            FROM ({sql})
            ORDER BY {order}
            LIMIT {SHOWN_CELLS}
            """,  # noqa: S608 -- the text is a check's own
            **values,
        )
        numbers = [row.pop("number of rows") for row in shown]
        return (numbers[0] if numbers else 0), shown


@contextmanager
def database(**tables: pa.Table) -> Iterator[Database]:
    """
    Open a session for the ``with`` block that is isolated from other sessions.

    Checks must create ``TEMP`` tables: only these belong to the session.
    """
    connection = _engine(os.getpid()).cursor()
    try:
        opened = Database(connection)
        for name, table in tables.items():
            opened.add(name, table, table.column_names)
        yield opened
    finally:
        connection.close()


@cache
def _engine(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001 -- no fork shares threads
    """
    Return the DuckDB of this process: starting one takes longer than most checks.
    """
    import duckdb

    engine = duckdb.connect()
    engine.execute(SETTINGS)
    # Set by those who start one process per core. Arrow also reads it.
    cores = os.environ.get("OMP_NUM_THREADS", "")
    threads = min(_THREADS, int(cores)) if cores.isdecimal() and int(cores) else _THREADS
    engine.execute(f"SET threads = {threads}")
    return engine


def table_of(rows: Iterable[Mapping[str, Any]], types: Mapping[str, str]) -> pa.Table:
    """
    Make a small table from Python rows; *types* maps its columns to names of Arrow types.
    """
    import pyarrow as pa

    schema = pa.schema([(name, pa.type_for_alias(alias)) for name, alias in types.items()])
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def listed(columns: Iterable[str], prefix: str = "") -> str:
    """
    Return column names as a quoted list for SQL.
    """
    dot = f"{prefix}." if prefix else ""
    return ", ".join(f'{dot}"{name}"' for name in columns)
