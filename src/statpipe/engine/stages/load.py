"""From Silver to Gold and to every sink: each sink gets what it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import attrs
import structlog

from statpipe.api import Database, Held, How, Lake, Layer, Model, Partition, Sink, Unavailable
from statpipe.engine.gold.changes import Keep
from statpipe.engine.gold.maker import Gold, gold_key, opened_gold
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.records import held_of, whole_manifests
from statpipe.engine.record.state import State, silver_key
from statpipe.engine.site.site import Site
from statpipe.engine.stages.background import background, side_by_side
from statpipe.engine.stages.judge import verdict_on

log = structlog.get_logger("statpipe")

_AT_ONCE = 2
"""Models that are being written while the next one is made: their tables stay in memory until
then."""

_GOLD_WAIT = 600.0
"""Seconds to wait for another source's run that is writing Gold, which takes a few."""


@attrs.frozen(kw_only=True)
class Load:
    """
    Compares fingerprints with those of each sink, and writes the difference.

    That one rule loads a new vintage, fills a sink that was down, and resumes after a crash.
    ``telling`` has databases answer also about what they hold already, with a receipt of nothing.
    """

    site: Site
    state: State
    journal: Journal
    how: How = "trust"
    telling: bool = False
    failures: list[Unavailable] = attrs.field(factory=list)

    def silver(self) -> None:
        """
        Bring Silver to the sinks other than the lake that want it.
        """
        held = [held for held in self.state.holds() if held.fingerprint]
        for sink in self.site.other_sinks().values():
            if Layer.SILVER in sink.layers:
                with self._left_behind():
                    for one in held:
                        self._silver_to(sink, one)

    def _silver_to(self, sink: Sink, held: Held) -> None:
        key = silver_key(self.journal.source, held)
        if sink.fingerprint(key) != held.fingerprint:
            table = self.site.lake.read(key)
            partition = Partition(key=key, table=table, fingerprint=held.fingerprint)
            self.journal.written(sink.write(partition))

    def gold(self, *, everywhere: bool) -> None:
        """
        Compute the models that read this source, where a sink (or just the lake) lacks them.
        """
        models = self.site.models_of(self.journal.source)
        if not models or self._nobody_lacks(models, everywhere=everywhere):
            return
        with (
            self.site.lake.lock("gold", _GOLD_WAIT, lambda: self.journal.run_id),
            self.opened_gold(self.journal.written) as gold,
        ):
            made = self._gold_to(self.site.lake, gold, models)
            for model in made:
                if model.check:
                    self.journal.judged(verdict_on(gold.partition(model)))
            for sink in self.site.other_sinks().values() if everywhere else ():
                with self._left_behind():
                    self._gold_to(sink, gold, models)

    def _nobody_lacks(self, models: list[Model], *, everywhere: bool) -> bool:
        """Return whether a run has nothing to write: then it does not take the lock of Gold."""
        if self.telling or self.how != "trust" or any(r.changed for r in self.journal.receipts):
            return False
        others = self.site.other_sinks().values() if everywhere else ()
        try:
            with self.opened_gold() as gold:
                sinks = (self.site.lake, *others)
                return not any(self.lacking(sink, gold, models) for sink in sinks)
        except Unavailable:
            return False  # it is asked again, where that is told

    def opened_gold(self, keep: Keep | None = None) -> AbstractContextManager[Gold]:
        """
        Give a maker of models out of what the lake holds, this run's own work included.
        """
        lake, models = self.site.lake, self.site.registry.models()
        others = any(Layer.GOLD in sink.layers for sink in self.site.other_sinks().values())
        memory = self.site.memory
        return opened_gold(lake, models, self._held, keep, compare=others, memory=memory)

    def _gold_to(self, sink: Sink, gold: Gold, models: list[Model]) -> list[Model]:
        """Give a sink the models that it lacks; return them."""
        lacking = self.lacking(sink, gold, models)
        if isinstance(sink, Database):
            self._to_database(sink, gold, models, lacking)
            return lacking
        with background(self.journal.written, _AT_ONCE) as writing:
            for partition in gold.partitions(lacking):
                writing.call(sink.write, partition)
                del partition  # the next one is made without it in memory
            writing.finish()
        return lacking

    def _to_database(
        self, sink: Database, gold: Gold, models: list[Model], lacking: list[Model]
    ) -> None:
        ready = [model for model in models if gold.fingerprint(model)]
        chosen = ready if self.telling or self.how != "trust" else lacking
        if chosen:
            tables = [gold.partition(m) for m in chosen if m.materialized == "table"]
            # All views, since an up-to-date one may read one that is rebuilt.
            views = [gold.whole(m) for m in ready if m.materialized == "view"]
            for receipt in sink.load(tables, views, self.how):
                self.journal.written(receipt)
        if self.how == "rebuild":
            for manifest in whole_manifests(self.site.lake, self.journal.source):
                sink.record(manifest)

    @contextmanager
    def _left_behind(self) -> Iterator[None]:
        """A sink that is down does not affect the others; the next run updates it."""
        try:
            yield
        except Unavailable as error:
            log.warning("sink left behind", error=str(error))
            self.failures.append(error)

    def raise_failures(self) -> None:
        """
        Raise the failures of sinks after all others are up to date.

        :raises Unavailable: A sink could not be reached.
        """
        for error in self.failures[:1]:
            raise error

    def lacking(self, sink: Sink, gold: Gold, models: list[Model]) -> list[Model]:
        """
        Return the models that a sink lacks, or holds out of other inputs.
        """
        if Layer.GOLD not in sink.layers:
            return []
        ready = {model.name: model for model in models if gold.fingerprint(model)}
        for model in models:
            if model.name not in ready:
                log.debug("model is waiting for its inputs", model=model.name)
        keys = [gold_key(model) for model in ready.values()]
        if isinstance(sink, Lake):
            held = side_by_side(sink.fingerprint, keys, sink.at_once)
        else:
            held = [sink.fingerprint(key) for key in keys]
        return [
            model
            for model, there in zip(ready.values(), held, strict=True)
            if there != self._wanted(sink, gold, model)
        ]

    def _wanted(self, sink: Sink, gold: Gold, model: Model) -> str | None:
        if isinstance(sink, Database) and model.materialized == "view":
            return model.version  # the database derives its rows itself
        return gold.fingerprint(model)

    def _held(self, source: str) -> tuple[Held, ...]:
        own = source == self.journal.source
        return self.state.holds() if own else held_of(self.site.lake, source)
