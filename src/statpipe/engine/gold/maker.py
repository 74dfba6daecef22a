"""The maker of Gold: models over the history of Silver, each made once."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
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
)
from statpipe.engine.gold.changes import Keep
from statpipe.engine.gold.computed import computed, connected
from statpipe.engine.gold.dimensions import with_dimensions
from statpipe.engine.gold.source_history import source_history
from statpipe.engine.site.memory import Memory

if TYPE_CHECKING:
    import pyarrow as pa


def gold_key(model: Model) -> PartitionKey:
    """
    Return the place of a model in Gold.
    """
    return PartitionKey(layer=Layer.GOLD, owner=model.name)


@attrs.define(kw_only=True)
class Gold:
    """
    Makes models, each once. Closed by its context manager.

    ``models`` are all that are installed, in order; ``held`` tells what the lake holds of a source. With
    ``keep``, which takes the lock of Gold, the lake keeps what the vintages changed. Where nobody
    is to ``compare``, partitions do not bring what the lake held before. ``memory`` is DuckDB's.
    """

    lake: Lake
    models: Sequence[Model]
    held: Callable[[str], Sequence[Held]]
    keep: Keep | None = None
    compare: bool = True
    memory: Memory = attrs.field(factory=Memory)
    _fingerprints: dict[str, str | None] = attrs.field(factory=dict, init=False)
    _made: dict[str, Partition] = attrs.field(factory=dict, init=False, repr=False)
    _histories: dict[str, pa.Table] = attrs.field(factory=dict, init=False, repr=False)
    _opened: ExitStack = attrs.field(factory=ExitStack, init=False, repr=False)
    _connection: Any = attrs.field(default=None, init=False)

    def fingerprint(self, model: Model) -> str | None:
        """
        Hash a model's declaration and all that it reads; ``None`` where some of that is not there.
        """
        if model.name not in self._fingerprints:
            read = [self._of_input(name) for name in model.inputs]
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
        model = self.whole(model)
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

    def whole(self, model: Model) -> Model:
        """
        Return the model with the columns of its source's dimensions.
        """
        return with_dimensions(self.models, model, self.held)

    def remade(self, model: Model) -> Partition:
        """
        Compute a model whatever the lake holds of it. Raises what :meth:`partition` raises.
        """
        model = self.whole(model)
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
        self._opened.close()
        self._connection = None
        self._made.clear()
        self._histories.clear()

    def _of_input(self, name: str) -> str | None:
        model = next((one for one in self.models if one.name == name), None)
        if model is not None:
            return self.fingerprint(model)
        if name not in self._fingerprints:
            self._fingerprints[name] = self._of_source(name)
        return self._fingerprints[name]

    def _of_source(self, source: str) -> str | None:
        read = sorted(
            (
                *(one.dataset, one.vintage.id, repr(one.selection), one.fingerprint),
                repr(dict(one.dimensions)),
            )
            for one in self.held(source)
            if one.fingerprint
        )
        return repr((source, read)) if read else None

    def _computed(self, model: Model) -> pa.Table:
        connection = self._duckdb()
        for name in model.inputs:
            connection.register(name, self._relation(name, model))
        return computed(connection, model, model.latest_sql)

    def _relation(self, name: str, reader: Model) -> pa.Table:
        model = next((one for one in self.models if one.name == name), None)
        if model is None:
            if name not in self._histories:
                self._histories[name] = source_history(
                    self.lake, name, self.held(name), reader.name, self._duckdb(), self.keep
                )
            return self._histories[name]
        return self.partition(model).table

    def _in_lake(self, model: Model) -> Partition | None:
        """Read what the lake holds of a model, up to date or not."""
        key = gold_key(model)
        fingerprint = self.lake.fingerprint(key)
        if fingerprint is None:
            return None
        asked = self.compare and model.materialized == "table"  # nobody asks how a view was
        if fingerprint != self.fingerprint(model) and not asked:
            return None
        with contextlib.suppress(ContentError):  # damaged: it is made anew
            return Partition(
                key=key, table=self.lake.read(key), fingerprint=fingerprint, model=model
            )
        return None

    def _duckdb(self) -> Any:
        if self._connection is None:
            self._connection = self._opened.enter_context(connected(self.memory))
        return self._connection


@contextmanager
def opened_gold(
    lake: Lake,
    models: Sequence[Model],
    held: Callable[[str], Sequence[Held]],
    keep: Keep | None = None,
    *,
    compare: bool = True,
    memory: Memory | None = None,
) -> Iterator[Gold]:
    """
    Give a maker of models, and close it.
    """
    gold = Gold(
        lake=lake,
        models=models,
        held=held,
        keep=keep,
        compare=compare,
        memory=memory or Memory(),
    )
    try:
        yield gold
    finally:
        gold.close()
