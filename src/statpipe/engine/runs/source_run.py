"""One run of one source: the stages in order."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from statpipe.api import Dataset, Model, PluginError, Source
from statpipe.domain.dimension import names_column
from statpipe.engine.record.decide import Outdated, by_release, outdated
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.state import State, code_of
from statpipe.engine.runs.ahead import Ahead
from statpipe.engine.runs.due import due_in
from statpipe.engine.site.instances import NO_MODELS, NO_MODELS_REMEDY, is_without_models
from statpipe.engine.site.site import Site
from statpipe.engine.stages.candidate import Candidate
from statpipe.engine.stages.ingest import Ingest, chosen_datasets
from statpipe.engine.stages.load import Load
from statpipe.engine.stages.next_step import commands
from statpipe.engine.stages.options import INGEST, LOAD, TRANSFORM, Options
from statpipe.engine.stages.transform import Transform
from statpipe.engine.stages.workers import Workers

log = structlog.get_logger("statpipe")


class SourceRun:
    """
    The coordinator. All pure work goes to the executor.
    """

    def __init__(  # noqa: PLR0917 - the parts that a run is made of
        self,
        site: Site,
        source: Source,
        state: State,
        journal: Journal,
        options: Options,
        workers: Workers,
        ahead: Ahead | None = None,
    ) -> None:
        self._site, self._source, self._state, self._journal = site, source, state, journal
        self._stages = options.stages
        self._releases, self._gold = options.releases, options.gold
        self._name = journal.source
        self._options = options
        self._ahead = ahead
        self._turn = site.turn_of(journal.source, source)
        self._datasets = chosen_datasets(journal.source, source, options)
        self._ingest = Ingest(
            source=source,
            lake=site.lake,
            state=state,
            journal=journal,
            options=options,
            workers=workers,
            **({} if ahead is None else {"begun": ahead.begun}),
        )
        self._transform = Transform(
            lake=site.lake,
            state=state,
            journal=journal,
            workers=workers,
            commands=commands(journal.source, site.environment.name, options),
            accept_revision=options.accept_revision,
        )
        self._load = Load(
            site=site,
            state=state,
            journal=journal,
            how=options.how,
            telling=options.stages == {LOAD},
        )

    def execute(self) -> None:
        """
        Do what the options request. Published data stays, whatever fails later.

        A release that the checks refuse ends the publishing of the run. Sinks still get what was
        published before it.
        """
        self._refuse_wrong_plugins()
        if TRANSFORM in self._stages:
            # First, so that fetched figures are compared with up-to-date Silver.
            self._remade()
        if INGEST in self._stages:
            self._asked()
        if LOAD in self._stages:
            self._load.silver()
        if self._gold and is_without_models(
            self._site.configuration, self._site.registry, self._name
        ):
            log.warning(NO_MODELS, source=self._name, to_do=NO_MODELS_REMEDY)
        if self._gold and (TRANSFORM in self._stages or LOAD in self._stages):
            self._load.gold(everywhere=LOAD in self._stages)
        self._load.raise_failures()

    def _refuse_wrong_plugins(self) -> None:
        """
        Refuse wrong plugins before any request: fetched figures need their normalizer, columns and
        models.
        """
        for dataset in self._datasets if self._stages & {INGEST, TRANSFORM} else ():
            self._site.normalizer(dataset)
        if self._gold:
            refuse_shared_columns(self._site.models_of(self._name), self._datasets)

    def _asked(self) -> None:
        """Ask the agency if anything can be due."""
        # Not earlier: without a request, a source does not need its key.
        due = due_in(self._site, self._source, self._state, self._datasets, self._journal)
        if not self._options.asks_for_all:
            self._ingested()
        elif due.is_asked(self._options):
            due.begin()
            if self._ingested():
                due.end()
        due.note_late()

    def _ingested(self) -> bool:
        """Fetch and publish what is new; return whether all of it was published."""
        if self._ahead is not None:
            self._ahead.look(self._state, self._releases)
        with self._turn:
            releases = by_release(self._ingest.decisions(self._datasets))
        for release in releases:
            with self._turn:
                candidates = [
                    self._ingest.fetched(decision, self._site.normalizer(decision.dataset))
                    for decision in release
                ]
            if TRANSFORM not in self._stages:
                for candidate in candidates:
                    self._ingest.keep(candidate)
            elif not self._published(candidates):
                return False
        return True

    def _published(self, candidates: Sequence[Candidate]) -> bool:
        before = self._state.holds()
        published = self._transform.publish(candidates)
        if self._releases:
            self._state.keep_tokens(before)
        return published

    def _remade(self) -> None:
        for release in by_release(
            find_outdated(self._site, self._name, self._state, self._datasets)
        ):
            candidates = []
            for item in release:
                normalizer = self._site.normalizer(item.dataset)
                code = code_of(item.dataset, normalizer)
                candidates.append(self._transform.read_back(item, normalizer, code))
            if not self._transform.publish(candidates):
                return


def refuse_shared_columns(models: Sequence[Model], datasets: Sequence[Dataset]) -> None:
    """
    Refuse a model that declares a column which a dimension of its source has as well.

    :raises PluginError: There is one.
    """
    columns = {
        name: (one.id, dataset.name)
        for dataset in datasets
        for one in dataset.dimensions
        for name in (one.column, names_column(one.column))
    }
    for model in models:
        shared = [column.name for column in model.columns if column.name in columns]
        if model.takes_dimensions and shared:
            dimension, dataset = columns[shared[0]]
            msg = (
                f"Gold model {model.name} declares the column {shared[0]!r}, but :dimensions "
                f"adds a column of that name for the dimension {dimension} of dataset {dataset}; "
                "rename the model's column in its plugin"
            )
            raise PluginError(msg)


def find_outdated(
    site: Site, source: str, state: State, datasets: Sequence[Dataset]
) -> list[Outdated]:
    """
    Find the vintages whose Silver must be made from Bronze.
    """
    present = {key.path: found for key, found in site.lake.fingerprints(source).items()}
    return [
        item
        for dataset in datasets
        for item in outdated(
            state, dataset, code_of(dataset, site.normalizer(dataset)), present, source
        )
    ]
