"""Copies Arrow tables to DuckDB with their texts as enumerations.

DuckDB copies each text of a row in joins and sorts. An enumeration is a number in each row, sorts
like its texts, and is returned as an Arrow dictionary. That takes less than half the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from statpipe.domain.codes import encoded

if TYPE_CHECKING:
    import pyarrow as pa


@attrs.define(kw_only=True)
class Enumerations:
    """
    Copies tables to a *connection* of DuckDB, as temporary tables.

    An enumeration has the order of its texts, so SQL gives the same results as with texts. The only
    limit: a column cannot hold a text that has no code.

    Tables with fewer rows than ``least`` keep their texts, because creating enumerations takes
    longer than it saves.
    """

    connection: Any = attrs.field(repr=False)
    least: int = 0
    _known: dict[tuple[str, ...], str] = attrs.field(factory=dict, init=False, repr=False)

    def bring(self, name: str, table: pa.Table) -> None:
        """
        Copy a table into DuckDB, which moves it to disk if memory is short.
        """
        if len(table) < self.least:
            self.connection.register(name, table)
            return
        columns = ", ".join(self._column(column, table[column.name]) for column in table.schema)
        self.connection.register("arriving", table)
        sql = f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT {columns} FROM arriving'  # noqa: S608 - names of ours
        self.connection.execute(sql)
        self.connection.unregister("arriving")

    def _column(self, column: pa.Field, values: pa.ChunkedArray) -> str:
        import pyarrow as pa

        if not pa.types.is_dictionary(column.type):
            return f'"{column.name}"'
        codes = encoded(values)
        if codes.null_count == len(codes):
            return _cast("NULL", "VARCHAR", column.name)
        texts = tuple(sorted(set(codes.dictionary.to_pylist())))
        kind = self._enumeration(texts)
        if len(texts) == 1 and not codes.null_count:  # no need to check row by row
            return _cast(quoted(texts[0]), kind, column.name)
        return cast(column.name, kind)

    def _enumeration(self, texts: tuple[str, ...]) -> str:
        """
        Return the enumeration of a column. Columns with the same texts share one, so joins compare
        numbers.
        """
        import pyarrow as pa

        if texts not in self._known:
            name = f"codes_{len(self._known)}"
            self.connection.register("texts", pa.table({"text": pa.array(texts, pa.string())}))
            sql = f"CREATE TEMP TYPE {name} AS ENUM (SELECT text FROM texts)"  # noqa: S608 - a name of ours
            self.connection.execute(sql)
            self.connection.unregister("texts")
            self._known[texts] = name
        return self._known[texts]


def cast(name: str, kind: str) -> str:
    """
    Return SQL that casts a column and keeps its name.
    """
    return _cast(f'"{name}"', kind, name)


def quoted(text: str) -> str:
    """
    Return a text as an SQL literal.
    """
    return "'" + text.replace("'", "''") + "'"


def _cast(value: str, kind: str, name: str) -> str:
    return f'CAST({value} AS {kind}) AS "{name}"'
