"""From Silver to Gold and to every sink: whatever a sink lacks, it gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import attrs
import structlog

from statpipe.api import Held, Layer, Model, Partition, Sink, Unavailable
from statpipe.engine.gold import gold_fingerprint, gold_key, gold_partition
from statpipe.engine.journal import Journal
from statpipe.engine.records import held_of
from statpipe.engine.site import Site
from statpipe.engine.state import State, silver_key

log = structlog.get_logger("statpipe")

_GOLD_WAIT = 600.0
"""Seconds to wait for another source's run that is writing Gold: it takes a few."""


@attrs.frozen(kw_only=True)
class Load:
    """
    Compares fingerprints with what each sink says it holds, and writes the difference.

    That one rule loads a new vintage, fills a sink that was down, and resumes after a crash.
    """

    site: Site
    state: State
    journal: Journal
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
        if not models:
            return
        with self.site.lake.lock("gold", _GOLD_WAIT, lambda: self.journal.run_id):
            made: dict[str, Partition] = {}
            self._gold_to(self.site.lake, models, made)
            for sink in self.site.other_sinks().values() if everywhere else ():
                with self._left_behind():
                    self._gold_to(sink, models, made)

    def _gold_to(self, sink: Sink, models: list[Model], made: dict[str, Partition]) -> None:
        for model, inputs, fingerprint, _ in self.behind(models, [sink]):
            if model.name not in made:
                made[model.name] = gold_partition(model, inputs, self.site.lake, fingerprint)
            self.journal.written(sink.write(made[model.name]))

    @contextmanager
    def _left_behind(self) -> Iterator[None]:
        """One sink that is down keeps nothing from the others; the next run catches it up."""
        try:
            yield
        except Unavailable as error:
            log.warning("sink left behind", error=str(error))
            self.failures.append(error)

    def raise_failures(self) -> None:
        """
        Raise what sinks failed with, once all others have what they need.

        :raises Unavailable: A sink could not be reached.
        """
        for error in self.failures[:1]:
            raise error

    def behind(
        self, models: list[Model], sinks: Sequence[Sink]
    ) -> Iterator[tuple[Model, list[tuple[str, Held]], str, list[Sink]]]:
        """
        Find the models that sinks lack: with their inputs, the fingerprint, and these sinks.
        """
        for model in models:
            inputs = self._inputs(model)
            if not {source for source, _ in inputs} >= set(model.inputs):
                log.info("model waits for its inputs", model=model.name)
                continue
            fingerprint = gold_fingerprint(model, inputs)
            key = gold_key(model)
            lacking = [
                sink
                for sink in sinks
                if Layer.GOLD in sink.layers and sink.fingerprint(key) != fingerprint
            ]
            if lacking:
                yield model, inputs, fingerprint, lacking

    def _inputs(self, model: Model) -> list[tuple[str, Held]]:
        found: list[tuple[str, Held]] = []
        for source in model.inputs:
            own = source == self.journal.source
            holds = self.state.holds() if own else held_of(self.site.lake, source)
            found += [(source, held) for held in holds if held.fingerprint]
        return found
