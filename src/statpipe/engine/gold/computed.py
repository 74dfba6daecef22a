"""A model's SQL, run by DuckDB and checked against the model's declaration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from statpipe.api import Column, ConfigError, ContentError, Model, PluginError
from statpipe.domain.canonical import canonical_column
from statpipe.domain.codes import encoded
from statpipe.domain.gold_schema import gold_schema
from statpipe.domain.in_order import in_order, repetitions
from statpipe.domain.printed import DECIMAL_DIGITS, DECIMAL_PLACES
from statpipe.engine.site.memory import Memory

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "small": "TINYINT",
    "decimal": f"DECIMAL({DECIMAL_DIGITS}, {DECIMAL_PLACES})",
    "double": "DOUBLE",
    "date": "DATE",
}
_ROWS_A_BATCH = 100_000


@contextmanager
def connected(memory: Memory | None = None) -> Iterator[Any]:
    """
    Open a DuckDB that downloads nothing; what exceeds its memory goes to disk.
    """
    import duckdb

    memory = memory or Memory()
    with memory.spilled() as folder:
        settings = {
            "threads": 2,
            "memory_limit": memory.limit,
            "temp_directory": str(folder),
            # Extensions would be downloaded at run time.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        with duckdb.connect(":memory:", config=settings) as connection:
            yield connection


def computed(connection: Any, model: Model, sql: str, kept_as: str = "") -> pa.Table:
    """
    Run a model's SQL on the relations of a connection; return the result as the model declares it.

    Texts are dictionary codes, which take a fifth of the memory. With *kept_as*, DuckDB also keeps
    the rows as a table of that name, so that they need not be copied back.
    """
    import duckdb

    try:
        # The SQL is a plugin's own declaration: code, not input. It may end in a comment.
        made = connection.sql(f"FROM (\n{sql}\n) AS model")
        kinds = dict(zip(made.columns, made.types, strict=True))
        columns = ", ".join(_declared(column, kinds.get(column.name)) for column in model.columns)
        rows = f"SELECT {columns} FROM (\n{sql}\n) AS model"  # noqa: S608
        if kept_as:
            connection.execute(f'CREATE OR REPLACE TEMP TABLE "{kept_as}" AS {rows}')
            rows = f'FROM "{kept_as}"'
        return _held_to_declaration(_fetched(connection.sql(rows)), model)
    except duckdb.OutOfMemoryException as error:
        msg = f"model {model.name} needs more memory than engine.memory allows; raise that setting"
        raise ConfigError(msg) from error
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        msg = f"the SQL of model {model.name} fails: {reason}; correct or uninstall its plugin"
        raise PluginError(msg) from error


def _declared(column: Column, kind: Any) -> str:
    """Cast a column to its declared type. Codes of texts stay codes."""
    name = f'"{column.name}"'
    if column.type == "text" and kind is not None and kind.id == "enum":
        return name
    return f"CAST({name} AS {_TYPES[column.type]}) AS {name}"


def _fetched(relation: Any) -> pa.Table:
    """
    Return a result in canonical form: batch by batch, each copied because DuckDB frees a batch as a
    whole, then column by column. So memory holds little more than the result.
    """
    import pyarrow as pa

    reader = relation.to_arrow_reader(_ROWS_A_BATCH)
    parts: dict[str, list[pa.Array]] = {name: [] for name in reader.schema.names}
    for batch in reader:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            parts[name].append(encoded(column) if _is_text(column) else pa.concat_arrays([column]))
        del batch, column
    columns = {}
    for name in reader.schema.names:
        given = parts.pop(name) or [_none(reader.schema.field(name).type)]
        columns[name] = canonical_column(pa.chunked_array(given))
    return pa.table(columns)


def _is_text(column: pa.Array) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_dictionary(column.type))


def _none(kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    nothing = pa.nulls(0, kind)
    return encoded(nothing) if _is_text(nothing) else nothing


def _held_to_declaration(table: pa.Table, model: Model) -> pa.Table:
    """Refuse repeated grain and missing values; sort, and put descriptions and units into the schema."""
    for column in model.columns:
        if not column.nullable and table[column.name].null_count:
            msg = (
                f"model {model.name}: {table[column.name].null_count:,} rows have no {column.name}"
            )
            raise ContentError(msg)
    table = in_order(table, model.grain)  # here and not in the SQL: DuckDB would sort whole rows
    if repeated := repetitions(table, model.grain):
        msg = (
            f"model {model.name}: {repeated:,} of {len(table):,} rows repeat "
            f"{', '.join(model.grain)}; its SQL joins too many rows, or its grain lacks a column"
        )
        raise PluginError(msg)
    return table.cast(gold_schema(model))
