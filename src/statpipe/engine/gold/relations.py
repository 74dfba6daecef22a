"""The tables that models read, in DuckDB."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from statpipe.domain.enumerations import Enumerations, cast

if TYPE_CHECKING:
    import pyarrow as pa


@attrs.define(kw_only=True)
class Relations:
    """
    Tables that were brought to a *connection*, each once, and the names that models have for them.
    """

    connection: Any = attrs.field(repr=False)
    _codes: Enumerations = attrs.field(init=False, repr=False)
    _schemas: dict[str, pa.Schema] = attrs.field(factory=dict, init=False, repr=False)

    @_codes.default
    def _no_codes(self) -> Enumerations:
        return Enumerations(connection=self.connection)

    def hold(self, called: str) -> bool:
        """
        Return whether a table was brought.
        """
        return called in self._schemas

    def bring(self, called: str, table: pa.Table) -> None:
        """
        Keep a table in DuckDB.
        """
        self._codes.bring(called, table)
        self._schemas[called] = table.schema

    def pick(self, called: str, among: str, picked: pa.Array) -> None:
        """
        Keep the rows of a table that was brought which are *picked*, row by row.
        """
        import pyarrow as pa

        self.connection.register("picked", pa.table({"is_picked": picked}))
        sql = (
            f'CREATE OR REPLACE TEMP TABLE "{called}" AS SELECT * EXCLUDE (is_picked) '  # noqa: S608
            f'FROM "{among}" POSITIONAL JOIN picked WHERE is_picked'
        )
        self.connection.execute(sql)
        self.connection.unregister("picked")
        self._schemas[called] = self._schemas[among]

    def kept(self, called: str, table: pa.Table) -> None:
        """
        Note that DuckDB made a table itself. Texts of which it made no codes are brought as such.
        """
        made = self.connection.table(called)
        kinds = dict(zip(made.columns, (kind.id for kind in made.types), strict=True))
        if any(_has_texts(table[name]) and kinds[name] != "enum" for name in table.column_names):
            self.bring(called, table)
        self._schemas[called] = table.schema

    def let_go(self, needed: Container[str]) -> None:
        """
        Drop the tables that are not needed any more.
        """
        for called in [one for one in self._schemas if one not in needed]:
            self.connection.execute(f'DROP TABLE "{called}"')
            del self._schemas[called]

    def name(self, tables: Mapping[str, str], *, as_texts: bool = False) -> None:
        """
        Let names mean tables that were brought, with enumerations or with plain texts.
        """
        for name, called in tables.items():
            columns = ", ".join(map(_text, self._schemas[called])) if as_texts else "*"
            sql = f'CREATE OR REPLACE TEMP VIEW "{name}" AS SELECT {columns} FROM "{called}"'  # noqa: S608
            self.connection.execute(sql)


def _text(column: pa.Field) -> str:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return cast(column.name, "VARCHAR")
    return f'"{column.name}"'


def _has_texts(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_dictionary(column.type)) and column.null_count < len(column)
