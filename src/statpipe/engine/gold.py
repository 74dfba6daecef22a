"""Gold: the models' SQL over Silver, by DuckDB in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog

from statpipe.api import (
    ContentError,
    Held,
    Lake,
    Layer,
    Model,
    Partition,
    PartitionKey,
    PluginError,
)
from statpipe.engine.state import silver_key

if TYPE_CHECKING:
    import pyarrow as pa

log = structlog.get_logger("statpipe")

_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(28, 8)",
    "double": "DOUBLE",
    "date": "DATE",
}


def gold_key(model: Model) -> PartitionKey:
    """
    Return the place of a model in Gold.
    """
    return PartitionKey(layer=Layer.GOLD, owner=model.name)


def gold_fingerprint(model: Model, inputs: Iterable[tuple[str, Held]]) -> str:
    """
    Hash a model's declaration and the Silver that it reads.
    """
    read = sorted(
        (source, held.dataset, held.vintage.id, held.fingerprint)
        for source, held in inputs
        if held.fingerprint
    )
    return hashlib.sha256(repr((model.version, read)).encode()).hexdigest()


def gold_partition(
    model: Model, inputs: Iterable[tuple[str, Held]], lake: Lake, fingerprint: str
) -> Partition:
    """
    Compute a model.

    :raises PluginError: Its SQL fails, or gives other columns than it declares.
    :raises ContentError: Rows repeat the grain, or lack a value that must be there.
    """
    import duckdb
    import pyarrow as pa

    tables: dict[str, list[pa.Table]] = {source: [] for source in model.inputs}
    for source, held in inputs:
        if held.fingerprint:
            tables[source].append(lake.read(silver_key(source, held)))
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        for source, parts in tables.items():
            if not parts:
                msg = f"model {model.name} reads {source}, of which the lake holds nothing; run it first"
                raise ContentError(msg)
            connection.register(source, pa.concat_tables(parts).unify_dictionaries())
        columns = ", ".join(
            f"CAST({c.name} AS {_TYPES[c.type]}) AS {c.name}" for c in model.columns
        )
        grain = ", ".join(model.grain)  # rows in one order, so that equal tables are equal bytes
        try:
            # The SQL is a plugin's own declaration: code, not input.
            relation = connection.sql(f"SELECT {columns} FROM ({model.sql}) ORDER BY {grain}")  # noqa: S608
            table = relation.to_arrow_table()
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            msg = f"the SQL of model {model.name} fails: {reason}; correct or uninstall its plugin"
            raise PluginError(msg) from error
    return Partition(
        key=gold_key(model),
        table=_held_to_declaration(table, model),
        fingerprint=fingerprint,
        model=model,
    )


def _held_to_declaration(table: pa.Table, model: Model) -> pa.Table:
    """Refuse repeated grain and missing values; put descriptions and units into the schema."""
    import pyarrow as pa

    for column in model.columns:
        if not column.nullable and table[column.name].null_count:
            msg = (
                f"model {model.name}: {table[column.name].null_count:,} rows have no {column.name}"
            )
            raise ContentError(msg)
    grain = list(model.grain)
    distinct = table.select(grain).group_by(grain, use_threads=False).aggregate([]).num_rows
    if distinct != len(table):
        msg = (
            f"model {model.name}: {len(table) - distinct:,} of {len(table):,} rows repeat "
            f"{', '.join(grain)}; its SQL joins too much, or its grain lacks a column"
        )
        raise PluginError(msg)
    fields = [
        pa.field(
            column.name,
            table.schema.field(column.name).type,
            column.nullable,
            {
                key: text
                for key, text in (("description", column.description), ("unit", column.unit))
                if text
            },
        )
        for column in model.columns
    ]
    return table.combine_chunks().cast(pa.schema(fields))
