"""SQL over Arrow tables: a DuckDB in memory that touches no disk, no network and no extension."""

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
"""Checks of several datasets may run at once, so each takes little memory."""

_FEW = 10_000
"""Below this number of rows, enumerations do not pay off: a source may have hundreds of small
datasets."""


@frozen
class Database:
    """
    Tables under names, and questions about them.
    """

    connection: Any
    _codes: Enumerations = field(init=False, repr=False)

    @_codes.default
    def _no_codes(self) -> Enumerations:
        return Enumerations(connection=self.connection, least=_FEW)

    def add(self, name: str, table: pa.Table, columns: Iterable[str]) -> None:
        """
        Make some columns of a table known as *name*, with enumerations for codes unless it is small.
        """
        self._codes.bring(name, table.select(list(dict.fromkeys(columns))))

    def run(self, sql: str, **values: Any) -> None:
        """
        Run a statement that gives no rows.
        """
        self.connection.execute(sql, values)

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """
        Give the rows of a query; ``$name`` in the text stands for a value.
        """
        cursor = self.connection.execute(sql, values or None)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def first(
        self, sql: str, order: str = "ALL", **values: Any
    ) -> tuple[int, list[dict[str, Any]]]:
        """
        Count the rows of a query, and give those that a verdict shows.

        They come in the order of their columns, or in *order*: never in that of the table.
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
    Open a session that lives as long as the ``with`` block, and sees nothing of other sessions.

    What a check makes in it has to be ``TEMP``: only that is the session's own.
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
    One DuckDB a process: starting one takes longer than most checks.
    """
    import duckdb

    engine = duckdb.connect()
    engine.execute(SETTINGS)
    # Who starts one process a core says so by this variable, which Arrow reads, too.
    cores = os.environ.get("OMP_NUM_THREADS", "")
    threads = min(_THREADS, int(cores)) if cores.isdecimal() and int(cores) else _THREADS
    engine.execute(f"SET threads = {threads}")
    return engine


def table_of(rows: Iterable[Mapping[str, Any]], types: Mapping[str, str]) -> pa.Table:
    """
    Make a small table of Python rows; *types* maps its columns to names of Arrow types.
    """
    import pyarrow as pa

    schema = pa.schema([(name, pa.type_for_alias(alias)) for name, alias in types.items()])
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def listed(columns: Iterable[str], prefix: str = "") -> str:
    """
    Write column names as SQL does, quoted.
    """
    dot = f"{prefix}." if prefix else ""
    return ", ".join(f'{dot}"{name}"' for name in columns)
