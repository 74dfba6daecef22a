"""A table of figures, convertible to the library of the analyst's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from statpipe.api import ConfigError, Model
from statpipe.engine.answers.printed_rows import printed_rows
from statpipe.engine.answers.wide import Wide

if TYPE_CHECKING:
    from types import ModuleType

    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]
    import polars as pl  # type: ignore[import-not-found,import-untyped,unused-ignore]
    import pyarrow as pa


@frozen
class Figures:
    """
    Rows of a Gold model as an Arrow table: ``table``. Figures are exact decimals, unless doubles were asked for.

    Any library that supports Arrow's protocol accepts the object directly:
    ``polars.DataFrame(figures)``, ``duckdb.sql("SELECT * FROM figures")`` with ``figures =
    figures.table``.
    """

    model: str
    table: pa.Table = field(repr=False)
    _declared: Model | None = field(default=None, repr=False)
    _turned: Wide | None = field(default=None, repr=False, kw_only=True)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return f"Figures({self.model!r}, {len(self):,} rows, {self.table.num_columns} columns)"

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> pd.DataFrame:
        """
        Return a pandas frame. Exact figures are ``decimal.Decimal``; with ``floats=True`` they are
        floats.

        :raises ConfigError: pandas is not installed.
        """
        _imported("pandas")
        return self.table.to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """
        Return a polars frame.

        :raises ConfigError: polars is not installed.
        """
        return _imported("polars").from_arrow(self.table)

    def to_pylist(self) -> list[dict[str, Any]]:
        """
        Return the rows as dictionaries. Decimals have the places that the agency printed.
        """
        if self._turned is not None:
            return self._turned.dicts()
        if self._declared is not None:
            return list(printed_rows(self.table, self._declared))
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return rows


def with_floats(table: pa.Table) -> pa.Table:
    """
    Return the table with doubles in place of decimals.
    """
    import pyarrow as pa

    for place, one in enumerate(table.schema):
        if pa.types.is_decimal(one.type):
            # Via text, because Arrow's own cast is sometimes off by one bit.
            doubles = table.column(place).cast(pa.string()).cast(pa.float64())
            table = table.set_column(place, one.with_type(pa.float64()), doubles)
    return table


def _imported(name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        if error.name != name:
            raise  # it is installed, but one of its own imports is missing
        msg = f"{name} is not installed; run `pip install {name}`, or use the Arrow table: `.table`"
        raise ConfigError(msg) from None
