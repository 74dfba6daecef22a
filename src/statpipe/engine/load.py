"""From Silver to Gold and to every sink: whatever a sink lacks, it gets."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import structlog

from statpipe.api import Held, Layer, Model, Partition, Sink
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

    def silver(self) -> None:
        """
        Bring Silver to the sinks other than the lake that want it.
        """
        for held in self.state.holds():
            key = silver_key(self.journal.source, held)
            for sink in self.site.other_sinks().values():
                if Layer.SILVER not in sink.layers or not held.fingerprint:
                    continue
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
            for model, inputs, fingerprint, sinks in self.behind(models, everywhere=everywhere):
                partition = gold_partition(model, inputs, self.site.lake, fingerprint)
                for sink in sinks:
                    self.journal.written(sink.write(partition))

    def behind(
        self, models: list[Model], *, everywhere: bool
    ) -> Iterator[tuple[Model, list[tuple[str, Held]], str, list[Sink]]]:
        """
        Find the models that sinks lack: with their inputs, the fingerprint, and these sinks.
        """
        sinks = list(self.site.sinks.values()) if everywhere else [self.site.lake]
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
