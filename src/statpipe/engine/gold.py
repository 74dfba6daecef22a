"""Gold: the models' SQL over the history of Silver, by DuckDB in memory."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs

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
from statpipe.domain.canonical import canonical
from statpipe.domain.codes import codes_or_values, encoded, repeats
from statpipe.domain.history import Published, history
from statpipe.engine.state import silver_key

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(28, 8)",
    "double": "DOUBLE",
    "date": "DATE",
}
_ROWS_A_BATCH = 100_000


def gold_key(model: Model) -> PartitionKey:
    """
    Return the place of a model in Gold.
    """
    return PartitionKey(layer=Layer.GOLD, owner=model.name)


@attrs.define(kw_only=True)
class Gold:
    """
    Makes models, each once. Closed by its context manager.

    ``models`` are all that are installed, in order; ``held`` tells what the lake holds of a source.
    """

    lake: Lake
    models: Sequence[Model]
    held: Callable[[str], Sequence[Held]]
    _fingerprints: dict[str, str | None] = attrs.field(factory=dict, init=False)
    _made: dict[str, Partition] = attrs.field(factory=dict, init=False, repr=False)
    _histories: dict[str, pa.Table] = attrs.field(factory=dict, init=False, repr=False)
    _connection: Any = attrs.field(default=None, init=False)

    def fingerprint(self, model: Model) -> str | None:
        """
        Hash a model's declaration and all that it reads; ``None`` where some of that is not there.
        """
        if model.name not in self._fingerprints:
            by_name = {one.name: one for one in self.models}
            read = [
                self.fingerprint(by_name[name]) if name in by_name else self._of_source(name)
                for name in model.inputs
            ]
            hashed = hashlib.sha256(repr((model.version, read)).encode()).hexdigest()
            self._fingerprints[model.name] = None if None in read else hashed
        return self._fingerprints[model.name]

    def partition(self, model: Model) -> Partition:
        """
        Compute a model.

        :raises PluginError: Its SQL fails, or gives other columns than it declares.
        :raises ContentError: An input is missing, or rows repeat the grain or lack a value.
        """
        if model.name in self._made:
            return self._made[model.name]
        key, wanted = gold_key(model), self.fingerprint(model) or ""
        there = self._in_lake(model)
        if there is not None and there.fingerprint == wanted:
            made = there
        else:
            table = self._computed(model)
            made = Partition(key=key, table=table, fingerprint=wanted, model=model, previous=there)
        read_by_others = any(model.name in one.inputs for one in self.models)
        if read_by_others or model.materialized == "table":
            self._made[model.name] = made
        return made

    def remade(self, model: Model) -> Partition:
        """
        Compute a model whatever the lake holds of it. Raises what :meth:`partition` raises.
        """
        made = Partition(
            key=gold_key(model),
            table=self._computed(model),
            fingerprint=self.fingerprint(model) or "",
            model=model,
        )
        self._made[model.name] = made
        return made

    def close(self) -> None:
        """
        Let go of DuckDB and of the tables.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._made.clear()
        self._histories.clear()

    def _of_source(self, source: str) -> str | None:
        read = sorted(
            (one.dataset, one.vintage.id, repr(one.selection), one.fingerprint)
            for one in self.held(source)
            if one.fingerprint
        )
        return repr((source, read)) if read else None

    def _computed(self, model: Model) -> pa.Table:
        connection = self._opened()
        for name in model.inputs:
            connection.register(name, self._relation(name, model))
        return computed(connection, model, model.latest_sql)

    def _relation(self, name: str, reader: Model) -> pa.Table:
        model = next((one for one in self.models if one.name == name), None)
        if model is None:
            if name not in self._histories:
                self._histories[name] = source_history(
                    self.lake, name, self.held(name), reader.name
                )
            return self._histories[name]
        return self.partition(model).table

    def _in_lake(self, model: Model) -> Partition | None:
        """Read what the lake holds of a model, up to date or not."""
        key = gold_key(model)
        fingerprint = self.lake.fingerprint(key)
        if fingerprint is None:
            return None
        if fingerprint != self.fingerprint(model) and model.materialized == "view":
            return None  # nobody asks how a view was
        with contextlib.suppress(ContentError):  # damaged: it is made anew
            return Partition(
                key=key, table=self.lake.read(key), fingerprint=fingerprint, model=model
            )
        return None

    def _opened(self) -> Any:
        if self._connection is None:
            self._connection = _connect()
        return self._connection


@contextmanager
def opened_gold(
    lake: Lake, models: Sequence[Model], held: Callable[[str], Sequence[Held]]
) -> Iterator[Gold]:
    """
    Give a maker of models, and close it.
    """
    gold = Gold(lake=lake, models=models, held=held)
    try:
        yield gold
    finally:
        gold.close()


def source_history(lake: Lake, source: str, held: Iterable[Held], reader: str) -> pa.Table:
    """
    Read every vintage of a source, as one history of all its datasets.

    :raises ContentError: The lake holds nothing of it.
    """
    import pyarrow as pa

    datasets: dict[str, list[Published]] = {}
    for one in held:
        if one.fingerprint:
            table = lake.read(silver_key(source, one))
            datasets.setdefault(one.dataset, []).append(Published(vintage=one.vintage, table=table))
    if not datasets:
        msg = f"model {reader} reads {source}, of which the lake holds nothing; run it first"
        raise ContentError(msg)
    histories = [history(published) for _, published in sorted(datasets.items())]
    return pa.concat_tables(histories, promote_options="default").unify_dictionaries()


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


def _connect() -> Any:
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": 2})
    # Extensions would be downloaded at run time.
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    return connection


def _held_to_declaration(table: pa.Table, model: Model) -> pa.Table:
    """Refuse repeated grain and missing values; sort; put descriptions and units into the schema."""
    for column in model.columns:
        if not column.nullable and table[column.name].null_count:
            msg = (
                f"model {model.name}: {table[column.name].null_count:,} rows have no {column.name}"
            )
            raise ContentError(msg)
    table, repeated = _in_order(canonical(table), model.grain)
    if repeated:
        msg = (
            f"model {model.name}: {repeated:,} of {len(table):,} rows repeat "
            f"{', '.join(model.grain)}; its SQL joins too much, or its grain lacks a column"
        )
        raise PluginError(msg)
    return table.cast(gold_schema(model))


def _in_order(table: pa.Table, grain: Sequence[str]) -> tuple[pa.Table, int]:
    """Sort rows by their grain, so that equal tables are equal bytes; count those that repeat it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # A canonical table's dictionaries are sorted, so that codes sort as their texts do.
    keys = pa.table({name: codes_or_values(table[name]) for name in grain})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in grain])
    keys = keys.take(order).combine_chunks()
    repeated = pc.sum(repeats(keys, grain)).as_py() if len(keys) > 1 else 0
    return table.take(order).combine_chunks(), repeated or 0


def gold_schema(model: Model) -> pa.Schema:
    """
    Return the Arrow schema that a model declares, with descriptions and units.
    """
    import pyarrow as pa

    types = {
        "text": pa.dictionary(pa.int32(), pa.string()),
        "integer": pa.int64(),
        "decimal": pa.decimal128(28, 8),
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
