"""A model's SQL, run by DuckDB and held to what the model declares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from statpipe.api import ConfigError, ContentError, Model, PluginError
from statpipe.domain.codes import encoded
from statpipe.domain.in_order import in_order
from statpipe.domain.printed import DECIMAL_DIGITS, DECIMAL_PLACES, exact_type
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


def computed(connection: Any, model: Model, sql: str) -> pa.Table:
    """
    Run a model's SQL over the relations of a connection; return it as the model declares it.

    Texts come as dictionary codes: a fifth of the memory.
    """
    import duckdb

    columns = ", ".join(
        f'CAST("{c.name}" AS {_TYPES[c.type]}) AS "{c.name}"' for c in model.columns
    )
    try:
        # The SQL is a plugin's own declaration: code, not input. It may end in a comment.
        relation = connection.sql(f"SELECT {columns} FROM (\n{sql}\n) AS model")  # noqa: S608
        return _held_to_declaration(_fetched(relation), model)
    except duckdb.OutOfMemoryException as error:
        msg = f"model {model.name} needs more memory than engine.memory allows; raise it"
        raise ConfigError(msg) from error
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        msg = f"the SQL of model {model.name} fails: {reason}; correct or uninstall its plugin"
        raise PluginError(msg) from error


def _fetched(relation: Any) -> pa.Table:
    """Take a result batch by batch; a function of its own, so that the batches are let go."""
    import pyarrow as pa

    reader = relation.to_arrow_reader(_ROWS_A_BATCH)
    parts = [_coded(pa.Table.from_batches([batch])) for batch in reader]
    return pa.concat_tables(parts or [_coded(reader.schema.empty_table())]).unify_dictionaries()


def _coded(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    for place, column in enumerate(table.schema):
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            table = table.set_column(place, column.name, encoded(table[column.name]))
    return table


def _held_to_declaration(table: pa.Table, model: Model) -> pa.Table:
    """Refuse repeated grain and missing values; sort; put descriptions and units into the schema."""
    for column in model.columns:
        if not column.nullable and table[column.name].null_count:
            msg = (
                f"model {model.name}: {table[column.name].null_count:,} rows have no {column.name}"
            )
            raise ContentError(msg)
    table, repeated = in_order(table, model.grain)
    if repeated:
        msg = (
            f"model {model.name}: {repeated:,} of {len(table):,} rows repeat "
            f"{', '.join(model.grain)}; its SQL joins too much, or its grain lacks a column"
        )
        raise PluginError(msg)
    return table.cast(gold_schema(model))


def gold_schema(model: Model) -> pa.Schema:
    """
    Return the Arrow schema that a model declares, with descriptions and units.
    """
    import pyarrow as pa

    types = {
        "text": pa.dictionary(pa.int32(), pa.string()),
        "integer": pa.int64(),
        "small": pa.int8(),
        "decimal": exact_type(),
        "double": pa.float64(),
        "date": pa.date32(),
    }
    return pa.schema(
        pa.field(
            column.name,
            types[column.type],
            column.nullable,
            {
                key: text
                for key, text in (("description", column.description), ("unit", column.unit))
                if text
            },
        )
        for column in model.columns
    )
