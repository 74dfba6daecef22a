"""From the source to Bronze: probe, decide, fetch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from statpipe.api import (
    BronzeObject,
    ConfigError,
    ContentError,
    Dataset,
    Held,
    Lake,
    Normalizer,
    Origin,
    Payload,
    Source,
    StatpipeError,
    Vintage,
    VintageRecord,
)
from statpipe.domain.manifest import Outcome
from statpipe.domain.nearest import nearest
from statpipe.engine.record.decide import Decision, decide, refuse_dates_to_come
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.state import State, code_of
from statpipe.engine.stages.background import background, each_in_turn
from statpipe.engine.stages.candidate import Candidate, Part
from statpipe.engine.stages.kept import keeping_what_arrived
from statpipe.engine.stages.options import TRANSFORM, Options
from statpipe.engine.stages.task import Task
from statpipe.engine.stages.workers import Workers


def chosen_datasets(name: str, source: Source, options: Options) -> Sequence[Dataset]:
    """
    Return the datasets of a run.

    :raises ConfigError: A requested dataset is not configured.
    """
    datasets = {dataset.name: dataset for dataset in source.datasets()}
    for table in options.tables:
        if table not in datasets:
            raise ConfigError(f"{name} has no dataset {table!r}{nearest(table, datasets)}")
    chosen = [datasets[table] for table in options.tables or datasets]
    return [source.smallest(chosen[0])] if options.smallest else chosen


@attrs.frozen(kw_only=True)
class Ingest:
    """
    The coordinator's side of fetching. Payloads go to Bronze one by one as they arrive.

    ``begun`` gives a candidate that was fetched already.
    """

    source: Source
    lake: Lake
    state: State
    journal: Journal
    options: Options
    workers: Workers = attrs.field(repr=False)
    begun: Callable[[Decision], Candidate | None] = lambda _: None

    def decisions(self, datasets: Sequence[Dataset]) -> list[Decision]:
        """
        Probe every dataset and decide what must be fetched.
        """
        wanted = []
        shown = each_in_turn(self._offered, datasets, self.source.at_once)
        for dataset, offered in zip(datasets, shown, strict=True):
            refuse_dates_to_come(dataset, offered)
            releases, full = self.options.releases, self.options.full
            asked = [one for one in offered if not releases or one.released in releases]
            for decision in decide(self.state, dataset, asked, full=full, archive=bool(releases)):
                if decision.fetch:
                    wanted.append(decision)
                else:
                    self._unchanged(decision)
        return wanted

    def _offered(self, dataset: Dataset) -> Sequence[Vintage]:
        with keeping_what_arrived(self.lake, self.journal.source, dataset):
            return self.source.vintages(dataset)

    def fetched(self, decision: Decision, normalizer: Normalizer) -> Candidate:
        """
        Fetch a vintage into Bronze, and hand it to the executor if it is to be transformed.
        """
        dataset, vintage = decision.dataset, decision.vintage
        expected = self.source.requests(dataset, vintage)
        self.journal.found(dataset.name, vintage, "fetch", decision.reason, expected)
        candidate = self.begun(decision)
        if candidate is not None:
            for number, kept in enumerate(candidate.bronze, 1):
                self.journal.received(dataset.name, kept.name, kept.size, number, expected)
            return attrs.evolve(candidate, reason=decision.reason)
        payloads, bronze = self._arrived(decision, expected)
        if not payloads:
            msg = f"dataset {dataset.name}: the source returned no payloads for {vintage.id}"
            raise ContentError(msg)
        code = code_of(dataset, normalizer)
        parts: tuple[Part, ...] = ()
        if TRANSFORM in self.options.stages:
            task = Task(
                source=self.journal.source,
                dataset=dataset,
                vintage=vintage.id,
                normalizer=normalizer,
                code=code,
                bronze=bronze,
            )
            result = self.workers.sealed(task, payloads)
            parts = (Part(selection=vintage.selection, result=result),)
        return Candidate(
            dataset=dataset,
            vintage=vintage,
            reason=decision.reason,
            code=code,
            bronze=bronze,
            parts=parts,
            beside=decision.beside,
        )

    def _arrived(
        self, decision: Decision, expected: int | None
    ) -> tuple[tuple[Payload, ...], tuple[BronzeObject, ...]]:
        """Fetch the payloads of a vintage; they are in Bronze when this returns."""
        dataset, source = decision.dataset, self.journal.source
        payloads: list[Payload] = []
        kept: list[BronzeObject] = []
        with background(kept.append, self.lake.at_once) as writing:
            try:
                with keeping_what_arrived(self.lake, source, dataset):
                    for payload in self.source.fetch(dataset, decision.vintage):
                        writing.call(self.lake.keep, source, dataset.name, payload)
                        payloads.append(payload)
                        self.journal.received(
                            *(dataset.name, payload.name, len(payload.body)),
                            *(len(payloads), expected),
                        )
                    writing.finish()
            except StatpipeError:
                writing.give_up()
                self._note(decision, "failed", tuple(kept))
                raise
        return tuple(payloads), tuple(kept)

    def keep(self, candidate: Candidate) -> None:
        """
        Record that a vintage is in Bronze, to be transformed later.
        """
        vintage, dataset = candidate.vintage, candidate.dataset.name
        # Whether the figures are news is known once they are read; until then the agency's date will do.
        vintage = self.state.named(dataset, vintage, candidate.seen, beside=True)
        self.state.put(
            Held(
                dataset=dataset,
                released=vintage.released,
                sequence=vintage.sequence,
                note=vintage.note,
                token=vintage.token,
                selection=vintage.selection,
                made_from=(Origin(run_id=self.journal.run_id, vintage=vintage.id),),
                basis=vintage.basis,
                released_at=vintage.released_at,
                seen_before=vintage.seen_before,
            )
        )
        self.journal.vintages.append(
            VintageRecord(
                dataset=dataset,
                vintage=vintage.id,
                note=vintage.note,
                outcome="ingested",
                reason=candidate.reason,
                selection=vintage.selection,
                bronze=candidate.bronze,
            )
        )

    def _unchanged(self, decision: Decision) -> None:
        dataset, vintage = decision.dataset.name, decision.vintage
        self.journal.found(dataset, vintage, "nothing", decision.reason, 0)
        if not decision.beside:
            self.state.saw_again(dataset, vintage)
        self._note(decision, "unchanged", ())

    def _note(self, decision: Decision, outcome: Outcome, bronze: tuple[BronzeObject, ...]) -> None:
        self.journal.vintages.append(
            VintageRecord(
                dataset=decision.dataset.name,
                vintage=decision.vintage.id,
                note=decision.vintage.note,
                outcome=outcome,
                reason=decision.reason,
                selection=decision.vintage.selection,
                bronze=bronze,
            )
        )
