"""Work on the next releases, started while the current one is being decided.

Releases are published one after the other, because each is compared with the one before. But a
sealed table depends only on its payloads, and a verdict only on its table and those before it,
published or not. So other processes start both, on the assumption that each release will be
published under its own date. A run only uses a result that is exactly what it needs. If the
assumption was wrong, it does the work itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import attrs
import structlog

from statpipe.api import Source
from statpipe.engine.record.decide import Decision, by_release
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.state import State
from statpipe.engine.site.observers import Observers
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site
from statpipe.engine.stages.candidate import Candidate
from statpipe.engine.stages.case import Case, TableRef
from statpipe.engine.stages.ingest import Ingest, chosen_datasets
from statpipe.engine.stages.next_step import commands
from statpipe.engine.stages.options import Options
from statpipe.engine.stages.task import Silver
from statpipe.engine.stages.transform import Transform
from statpipe.engine.stages.workers import Workers

log = structlog.get_logger("statpipe")


@attrs.define(kw_only=True)
class Ahead:
    """
    The next releases of an archive, *window* of them at most. ``options`` are those of their runs.
    """

    site: Site
    name: str
    archive: Source
    days: Sequence[date]
    options: Options
    workers: Workers
    window: int
    _releases: dict[date, list[list[Candidate]]] = attrs.field(factory=dict, init=False)

    def look(self, state: State, releases: Sequence[date]) -> None:
        """
        Start with the *releases* of the current run, then continue with the next ones.
        """
        place = self.days.index(releases[0]) if releases else len(self.days)
        wanted = self.days[place : place + self.window]
        self._releases = {
            day: self._releases[day] if day in self._releases else self._fetched(state, day)
            for day in wanted
        }
        self.workers.foresee(self._foreseen(state))

    def begun(self, decision: Decision) -> Candidate | None:
        """
        Return what was already fetched for a decision.
        """
        asked = (decision.dataset, decision.vintage, decision.beside)
        for release in self._releases.get(decision.vintage.released, ()):
            for candidate in release:
                if (candidate.dataset, candidate.vintage, candidate.beside) == asked:
                    return candidate
        return None

    def _fetched(self, state: State, day: date) -> list[list[Candidate]]:
        """
        Fetch a release into Bronze and start sealing it. If that fails, the release's own run
        reports why.
        """
        options = attrs.evolve(self.options, releases=(day,))
        ingest = Ingest(
            source=self.archive,
            lake=self.site.lake,
            state=State(state.holds()),
            journal=self._journal(),
            options=options,
            workers=self.workers,
        )
        try:
            decisions = ingest.decisions(chosen_datasets(self.name, self.archive, options))
            return [
                [ingest.fetched(one, self.site.normalizer(one.dataset)) for one in release]
                for release in by_release(decisions)
            ]
        except Exception as error:  # noqa: BLE001 - as said above
            log.debug("not prepared in advance", released=day.isoformat(), error=str(error))
            return []

    def _foreseen(self, state: State) -> list[tuple[Case, Mapping[TableRef, Silver]]]:
        """
        Yield the cases that will be checked if everything before them is published, as far as
        tables are sealed.
        """
        guess = State(state.holds())
        transform = Transform(
            lake=self.site.lake,
            state=guess,
            journal=self._journal(),
            workers=self.workers,
            commands=commands(self.name, self.site.environment.name, self.options),
        )
        cases: list[tuple[Case, Mapping[TableRef, Silver]]] = []
        for release in (one for day in self._releases.values() for one in day):
            sealed = all(part.result.done() for one in release for part in one.parts)
            known = any(guess.may_be(one.dataset.name, one.vintage) for one in release)
            if not sealed or known:
                break
            try:
                ready = [transform.reconciled(candidate) for candidate in release]
                cases += transform.cases(ready)
            except Exception as error:  # noqa: BLE001 - as above
                log.debug("not checked in advance", error=str(error))
                break
            for candidate, final in ready:
                transform.hold(candidate, final, {})
        return cases

    def _journal(self) -> Journal:
        """Return a journal that nobody reads."""
        return Journal(run_id="", source=self.name, observers=Observers(Registry()))
