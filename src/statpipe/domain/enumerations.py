"""Arrow tables in DuckDB, whose texts are codes there as well.

DuckDB copies each text of a row through joins and sorts. An enumeration of the texts is a number in each
row, sorts as its texts do, and comes back as an Arrow dictionary: less than half the work.
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
    Brings tables to a *connection* of DuckDB, as temporary tables.

    The order of an enumeration is that of its texts, so SQL answers as it does over texts. One thing it
    cannot do: put a text into a column that has no code for it.

    Tables of fewer rows than ``least`` keep their texts: making enumerations would take longer than they save.
    """

    connection: Any = attrs.field(repr=False)
    least: int = 0
    _known: dict[tuple[str, ...], str] = attrs.field(factory=dict, init=False, repr=False)

    def bring(self, name: str, table: pa.Table) -> None:
        """
        Copy a table into DuckDB, which keeps it on disk where memory is short.
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
        if len(texts) == 1 and not codes.null_count:  # it need not be looked at row by row
            return _cast(quoted(texts[0]), kind, column.name)
        return cast(column.name, kind)

    def _enumeration(self, texts: tuple[str, ...]) -> str:
        """Columns with the same texts share one, so that joining them compares numbers."""
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
    Write a column in another type, under its name.
    """
    return _cast(f'"{name}"', kind, name)


def quoted(text: str) -> str:
    """
    Write a text as SQL does.
    """
    return "'" + text.replace("'", "''") + "'"


def _cast(value: str, kind: str, name: str) -> str:
    return f'CAST({value} AS {kind}) AS "{name}"'
