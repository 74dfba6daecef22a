"""Tables as relations of DuckDB, whose texts are codes there as well.

DuckDB copies each text of a row through joins and sorts. An enumeration of the texts is a number in each
row, sorts as its texts do, and comes back as an Arrow dictionary: less than half the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from statpipe.domain.codes import encoded

if TYPE_CHECKING:
    import pyarrow as pa


@attrs.define(kw_only=True)
class Relations:
    """
    The tables that models read, each brought to a *connection* once, and kept there.

    The order of an enumeration is that of its texts, so SQL answers as it does over texts.
    """

    connection: Any = attrs.field(repr=False)
    _schemas: dict[str, pa.Schema] = attrs.field(factory=dict, init=False, repr=False)
    _enumerations: dict[tuple[str, ...], str] = attrs.field(factory=dict, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.connection.execute("CREATE SCHEMA IF NOT EXISTS brought")

    def hold(self, called: str) -> bool:
        """
        Tell whether a table was brought.
        """
        return called in self._schemas

    def bring(self, called: str, table: pa.Table) -> None:
        """
        Copy a table into DuckDB, which keeps it on disk where memory is short.
        """
        columns = ", ".join(self._code(column, table[column.name]) for column in table.schema)
        self.connection.register("arriving", table)
        sql = f'CREATE OR REPLACE TABLE brought."{called}" AS SELECT {columns} FROM arriving'  # noqa: S608
        self.connection.execute(sql)
        self.connection.unregister("arriving")
        self._schemas[called] = table.schema

    def name(self, tables: Mapping[str, str], *, as_texts: bool = False) -> None:
        """
        Let names mean tables that were brought, with enumerations or with plain texts.
        """
        for name, called in tables.items():
            columns = ", ".join(_text(f) for f in self._schemas[called]) if as_texts else "*"
            sql = (
                f'CREATE OR REPLACE TEMP VIEW "{name}" AS SELECT {columns} FROM brought."{called}"'  # noqa: S608
            )
            self.connection.execute(sql)

    def _code(self, column: pa.Field, values: pa.ChunkedArray) -> str:
        import pyarrow as pa

        if pa.types.is_dictionary(column.type):
            texts = tuple(sorted(set(encoded(values).dictionary.to_pylist())))
            if texts:
                return _cast(column.name, self._enumeration(texts))
        return f'"{column.name}"'

    def _enumeration(self, texts: tuple[str, ...]) -> str:
        """Columns with the same texts share one, so that joining them compares numbers."""
        import pyarrow as pa

        if texts not in self._enumerations:
            name = f"codes_{len(self._enumerations)}"
            self.connection.register("texts", pa.table({"text": pa.array(texts, pa.string())}))
            sql = f"CREATE TYPE {name} AS ENUM (SELECT text FROM texts)"  # noqa: S608 - a name of ours
            self.connection.execute(sql)
            self.connection.unregister("texts")
            self._enumerations[texts] = name
        return self._enumerations[texts]


def _text(column: pa.Field) -> str:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return _cast(column.name, "VARCHAR")
    return f'"{column.name}"'


def _cast(name: str, kind: str) -> str:
    return f'CAST("{name}" AS {kind}) AS "{name}"'
