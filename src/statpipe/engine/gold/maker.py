"""Makes Gold: models on the history of Silver, each made once."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

import attrs

from statpipe.api import (
    ContentError,
    Held,
    Lake,
    Layer,
    Model,
    Part,
    Partition,
    PartitionKey,
    PluginError,
)
from statpipe.engine.gold.changes import Keep
from statpipe.engine.gold.computed import computed, connected
from statpipe.engine.gold.dimensions import with_dimensions
from statpipe.engine.gold.parts import Prints, all_parts, at_hand, parts_of, whole
from statpipe.engine.gold.relations import Relations
from statpipe.engine.gold.source_history import source_history
from statpipe.engine.gold.standing import Standing, prints_by_year, source_standing
from statpipe.engine.site.memory import Memory

if TYPE_CHECKING:
    import pyarrow as pa


Scope = Literal["all", "what stands", "what moved"]
"""How much of a history a model is made of: all, the last interval of each cell and those of the last year, or
of these just the cells that the last year touched."""
ALL: Scope = "all"
STANDS: Scope = "what stands"
MOVED: Scope = "what moved"


def gold_key(model: Model) -> PartitionKey:
    """
    Return the key of a model in Gold.
    """
    return PartitionKey(layer=Layer.GOLD, owner=model.name)


@attrs.define(kw_only=True)
class Gold:
    """
    Makes models, each once. Closed by its context manager.

    ``models`` are all installed models, in order; ``held`` returns what the lake holds of a source.
    With ``keep``, which requires the lock of Gold, the lake stores the changes of vintages. Without
    ``compare``, partitions do not carry what the lake held before. ``memory`` is DuckDB's.
    """

    lake: Lake
    models: Sequence[Model]
    held: Callable[[str], Sequence[Held]]
    keep: Keep | None = None
    compare: bool = True
    memory: Memory = attrs.field(factory=Memory)
    _fingerprints: dict[str, str | None] = attrs.field(factory=dict, init=False)
    _made: dict[str, Partition] = attrs.field(factory=dict, init=False, repr=False)
    _standings: dict[str, Standing] = attrs.field(factory=dict, init=False, repr=False)
    _slim: dict[str, Standing] = attrs.field(factory=dict, init=False, repr=False)
    _known_by: dict[tuple[str, str], dict[int, str]] = attrs.field(factory=dict, init=False)
    _opened: ExitStack = attrs.field(factory=ExitStack, init=False, repr=False)
    _opened_relations: Relations | None = attrs.field(default=None, init=False, repr=False)

    def fingerprint(self, model: Model) -> str | None:
        """
        Hash a model's declaration and all that it reads; ``None`` where some of that does not
        exist.
        """
        if model.name not in self._fingerprints:
            read = [self._of_input(name) for name in model.inputs]
            version = self.whole(model).version
            hashed = hashlib.sha256(repr((version, read)).encode()).hexdigest()
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
        there = self._in_lake(model)
        if there is not None and there.fingerprint == self.fingerprint(model):
            made = there
        elif self._source_settling(model):
            made = self._in_parts(model, there)
        else:
            table = self._computed(model, _scope(model))
            made = self._in_one(model, table, there)
        if (
            model.materialized == "table"
        ):  # for the databases; views are in the lake, or at hand in DuckDB
            self._made[model.name] = made
        return made

    def partitions(self, models: Sequence[Model]) -> Iterator[Partition]:
        """
        Compute models one after the other; a table that no later one reads is released.
        """
        for place, model in enumerate(models, start=1):
            yield self.partition(model)
            self._let_go(models[place:])

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
        table = self._computed(model, ALL, keep=False)
        if self._source_settling(model):
            parts = all_parts(model, table, self._prints(model))
            made = attrs.evolve(self._in_one(model, table), parts=tuple(parts))
        else:
            made = self._in_one(model, table)
        self._made[model.name] = made
        return made

    def standing(self, source: str, reader: str) -> Standing:
        """
        Return what stands of a source; with ``keep``, the lake holds it for the next time.

        :raises ContentError: The lake holds nothing of it, so that the *reader* must wait.
        """
        if source not in self._standings:
            held = self.held(source)
            self._standings[source] = source_standing(self.lake, source, held, reader, self.keep)
        return self._standings[source]

    def _days(self, source: str, reader: str) -> Standing:
        """Give what stands of a source; its intervals may have been let go."""
        return self._slim.get(source) or self.standing(source, reader)

    def close(self) -> None:
        """
        Let go of DuckDB and of the tables.
        """
        self._close_duckdb()
        self._made.clear()
        self._standings.clear()
        self._slim.clear()

    def _close_duckdb(self) -> None:
        self._opened.close()
        self._opened_relations = None

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
                *(one.dataset, repr(one.vintage.dates), repr(one.selection), one.fingerprint),
                repr(dict(one.dimensions)),
            )
            for one in self.held(source)
            if one.fingerprint
        )
        return repr((source, read)) if read else None

    def _in_one(
        self,
        model: Model,
        table: pa.Table | Callable[[], pa.Table],
        previous: Partition | None = None,
    ) -> Partition:
        return Partition(
            key=gold_key(model),
            table=table,
            fingerprint=self.fingerprint(model) or "",
            model=model,
            previous=previous,
        )

    def _in_parts(self, model: Model, there: Partition | None) -> Partition:
        """Make the parts that the lake lacks: the last one of what stands, or all of the whole history."""
        prints = self._prints(model)
        held = {part.identity: part for part in self.lake.parts(gold_key(model))}
        staying = [held[one] for one in prints.items() if one in held]
        kept = {part.year for part in staying}
        lacking = [year for year in prints if year not in kept]
        table: pa.Table | Callable[[], pa.Table]
        if {None, max(year for year in prints if year)}.issuperset(lacking):
            rows = self._computed(model, self._scope_of_parts(model))
            parts = [*staying, *parts_of(model, rows, prints, lacking)]
            table = whole(parts, model.grain)
        else:
            staying, table = [], self._computed(model, ALL)
            parts = all_parts(model, table, prints)
        previous = None
        with contextlib.suppress(ContentError):  # damaged: it is not compared with
            previous = at_hand(there, staying) if there is not None else None
        return attrs.evolve(self._in_one(model, table, previous), parts=tuple(parts))

    def _scope_of_parts(self, model: Model) -> Scope:
        """A day of a release is the last year's in just the cells that it touched; where these are most, all do."""
        few = self._days(self._source_settling(model) or "", model.name).moves_little
        return MOVED if few and model.settled != "realtime_end" else STANDS

    def _source_settling(self, model: Model) -> str | None:
        """Name the one source whose releases settle a model's rows, if that is so."""
        if model.settled is None:
            return None
        read = {self._source_settling(one) for one in self._inputs(model) if one.settled}
        read |= {name for name in model.inputs if self._model(name) is None}
        return read.pop() if len(read) == 1 else None

    def _prints(self, model: Model) -> Prints:
        """Give the fingerprint of each part."""
        years = self._days(self._source_settling(model) or "", model.name).prints
        prints: Prints = {year: self._print(model, year) for year in years}
        return {**prints, None: self.fingerprint(model) or ""}

    def _print(self, model: Model, year: int) -> str:
        """Hash all that the rows which were settled in a year are made of."""
        source = self._source_settling(model) or ""
        read = []
        for name in model.inputs:
            other = self._model(name)
            if other is None:
                read.append(self._days(name, model.name).prints[year])
            elif other.settled:
                read.append(self._print(other, year))
            else:
                read.append(self._known(other, source, year))
        return hashlib.sha256(repr((model.version, read)).encode()).hexdigest()

    def _known(self, model: Model, source: str, year: int) -> str:
        """Hash the rows of a model, less those of which nothing was known by the end of a year."""
        known = (model.name, source)
        if known not in self._known_by:
            standing, table = self._days(source, model.name), self.partition(model).table
            self._known_by[known] = prints_by_year(table, model.grain, standing)
        return self._known_by[known][year]

    def _computed(self, model: Model, scope: Scope, *, keep: bool = True) -> pa.Table:
        """Compute a model; where others read it, DuckDB keeps it for them."""
        relations = self._relations()
        inputs = {name: self._input(name, model, scope) for name in model.inputs}
        keep = keep and any(model.name in one.inputs for one in self.models)
        called = (
            _called(model.name, ALL if scope == STANDS and model.standing else scope)
            if keep
            else ""
        )
        relations.name(inputs)
        try:
            table = computed(relations.connection, model, model.latest_sql, called)
        except PluginError:
            # A recursion may begin with a code and go on with a text that no code stands for.
            relations.name(inputs, as_texts=True)
            table = computed(relations.connection, model, model.latest_sql, called)
        if called:
            relations.kept(called, table)
        return table

    def _input(self, name: str, reader: Model, scope: Scope) -> str:
        """Say how the relations call what a model reads; bring it there first, if need be."""
        model = self._model(name)
        if model is not None and not model.settled:
            scope = ALL  # only what is settled has rows that need not be there
        called = _called(name, scope)
        if not self._relations().hold(called):
            if model is None:
                self._bring_history(called, name, reader, scope)
            elif scope == ALL:
                self._relations().bring(called, self.partition(model).table)
            else:
                self._computed(model, scope)
        return called

    def _bring_history(self, called: str, source: str, reader: Model, scope: Scope) -> None:
        relations, stands = self._relations(), _called(source, STANDS)
        if scope == ALL:
            history = source_history(self.lake, source, self.held(source), reader.name, self.keep)
            relations.bring(called, history)
        elif scope == MOVED and relations.hold(stands):
            relations.pick(called, stands, self._days(source, reader.name).is_moved)
        else:
            standing = self.standing(source, reader.name)
            relations.bring(called, standing.history if scope == STANDS else standing.moved)

    def _model(self, name: str) -> Model | None:
        return next((one for one in self.models if one.name == name), None)

    def _inputs(self, model: Model) -> list[Model]:
        return [one for one in self.models if one.name in model.inputs]

    def _let_go(self, later: Sequence[Model]) -> None:
        """Drop what models that are still to be made will not read. If one does, it is brought again."""
        needed: set[str] = set()
        for model in later:
            settles = self._source_settling(model)
            self._needed(model, self._scope_of_parts(model) if settles else _scope(model), needed)
        if not needed:
            self._close_duckdb()
        elif self._opened_relations is not None:
            self._opened_relations.let_go(needed)
        grains = {name for model in self.models for name in model.grain}
        for source in [one for one in self._standings if self._at_hand(one, needed)]:
            self._slim[source] = self._standings.pop(source).slim(grains)

    def _at_hand(self, source: str, needed: set[str]) -> bool:
        """Return whether DuckDB has all that is needed of a source; it picks what moved out of what stands."""
        wanted, hold = needed & _names(source), self._relations().hold
        if hold(_called(source, STANDS)):
            wanted -= {_called(source, MOVED)}
        return all(map(hold, wanted))

    def _needed(self, model: Model, scope: Scope, found: set[str]) -> None:
        """Name what a model will read, as the relations call it, and what that is made of if it
        does not exist.
        """
        for name in model.inputs:
            other = self._model(name)
            own = ALL if other is not None and not other.settled else scope
            called = _called(name, own)
            found.add(called)
            if other is None and own == MOVED and not self._relations().hold(called):
                found.add(_called(name, STANDS))
            if other is not None and other.settled and not self._relations().hold(called):
                self._needed(other, own, found)

    def _in_lake(self, model: Model) -> Partition | None:
        """Read what the lake holds of a model, up to date or not."""
        key = gold_key(model)
        fingerprint = self.lake.fingerprint(key)
        if fingerprint is None:
            return None
        asked = self.compare and model.materialized == "table"  # nobody asks how a view was
        if fingerprint != self.fingerprint(model) and not asked:
            return None
        parts: tuple[Part, ...] = ()
        if fingerprint != self.fingerprint(model) and self._source_settling(model):
            parts = tuple(self.lake.parts(key))
        with contextlib.suppress(ContentError):  # damaged: it is rebuilt
            table = whole(parts, model.grain) if parts else self.lake.read(key)
            return Partition(
                key=key, table=table, fingerprint=fingerprint, model=model, parts=parts
            )
        return None

    def _relations(self) -> Relations:
        if self._opened_relations is None:
            connection = self._opened.enter_context(connected(self.memory))
            self._opened_relations = Relations(connection=connection)
        return self._opened_relations


def _scope(model: Model) -> Scope:
    return STANDS if model.standing else ALL


def _names(name: str) -> set[str]:
    return {_called(name, scope) for scope in get_args(Scope)}


def _called(name: str, scope: Scope) -> str:
    return f"{scope} of {name}"


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
        held=cache(held),  # in a lake that is far away, each question takes its time
        keep=keep,
        compare=compare,
        memory=memory or Memory(),
    )
    try:
        yield gold
    finally:
        gold.close()
