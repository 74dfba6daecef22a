"""From Bronze to Silver: compare with the lake, check, publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs
import structlog

from statpipe.api import (
    CheckResult,
    Held,
    Lake,
    Normalizer,
    Partition,
    PartitionKey,
    Receipt,
    StatpipeError,
    Vintage,
    VintageRecord,
)
from statpipe.domain.manifest import Outcome
from statpipe.domain.revision import Revision
from statpipe.engine.record.decide import Outdated
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.records import accepted_in_runs, record_of
from statpipe.engine.record.state import State
from statpipe.engine.stages.before import Before
from statpipe.engine.stages.candidate import Candidate, Part
from statpipe.engine.stages.case import Case, TableRef
from statpipe.engine.stages.judge import (
    overruled,
    siblings_of,
    warning_of_new_codes,
    warning_of_other_parents,
)
from statpipe.engine.stages.next_step import Commands, with_next_steps
from statpipe.engine.stages.published import held_after, held_as
from statpipe.engine.stages.reconcile import Reconciled, reconcile
from statpipe.engine.stages.task import Silver, Task
from statpipe.engine.stages.workers import Workers

if TYPE_CHECKING:
    import pyarrow as pa

log = structlog.get_logger("statpipe")

Ready = tuple[Candidate, Reconciled]
"""A candidate as its payloads describe it, and its vintage."""


@attrs.frozen(kw_only=True)
class Transform:
    """
    The coordinator's side of Silver. A release is published completely or not at all.
    """

    lake: Lake
    state: State
    journal: Journal
    workers: Workers = attrs.field(repr=False)
    commands: Commands
    accept_revision: bool = False

    @property
    def _before(self) -> Before:
        return Before(lake=self.lake, state=self.state, source=self.journal.source)

    def read_back(self, item: Outdated, normalizer: Normalizer, code: str) -> Candidate:
        """
        Read a vintage's payloads from Bronze and hand them to the executor.
        """
        held, dataset = item.held, item.dataset
        self.journal.found(held.dataset, held.vintage, "build from Bronze", item.reason)
        records = [
            record_of(self.lake, self.journal.source, held.dataset, origin)
            for origin in held.made_from
        ]
        parts = []
        for record in records:
            task = Task(
                source=self.journal.source,
                dataset=attrs.evolve(dataset, selection=record.selection),
                vintage=held.vintage.id,
                normalizer=normalizer,
                code=code,
                bronze=record.bronze,
            )
            result = self.workers.sealed(task)
            parts.append(Part(selection=record.selection, result=result))
        return Candidate(
            dataset=dataset,
            vintage=held.vintage,
            reason=item.reason,
            code=code,
            bronze=tuple(kept for record in records for kept in record.bronze),
            parts=tuple(parts),
            redo=held,
        )

    def remade(self, item: Outdated, normalizer: Normalizer, code: str) -> Silver:
        """
        Rebuild a vintage from Bronze under its name; nothing is checked or published.

        :raises ContentError: Bronze is damaged or no longer readable.
        """
        return self._reconciled(self.read_back(item, normalizer, code)).silver

    def reconciled(self, candidate: Candidate) -> Ready:
        """
        Say which vintage a candidate is, as its payloads describe it.

        :raises StatpipeError: Its payloads cannot be read.
        """
        return candidate.described(), self._reconciled(candidate)

    def cases(self, ready: Sequence[Ready]) -> list[tuple[Case, Mapping[TableRef, Silver]]]:
        """
        Return the tables to judge in a release, each with the tables that are at hand.
        """
        before = self._before
        tables = {before.ref(c.dataset.name, final): final.silver for c, final in ready}
        return [
            (before.case(c, final, self._siblings(c, final, ready)), tables) for c, final in ready
        ]

    def hold(self, candidate: Candidate, final: Reconciled, accepted: Mapping[str, int]) -> Held:
        """
        Hold a vintage from now on, in place of the one it is rebuilt from.
        """
        held = held_after(candidate, final, self.journal.run_id, accepted)
        if candidate.redo is not None:
            self.state.drop(candidate.redo)
        if final.redated and final.same is not None:
            self.state.drop(final.same)
        self.state.put(held)
        return held

    def publish(self, candidates: Sequence[Candidate]) -> bool:
        """
        Check the vintages of one release; publish all of them or none.
        """
        ready: list[Ready] = []
        try:
            for candidate in candidates:
                ready.append(self.reconciled(candidate))  # noqa: PERF401 - counted
            self._warn_of_changed_lists(ready)
            revisions, results = self._judged(ready)
        except StatpipeError as error:
            self._failed(candidates, len(ready), error)
            raise
        refused = any(result.refuses for result in results)
        for candidate, final in ready:
            name = candidate.dataset.name
            revision = revisions.get(name)
            if refused:
                self._note(candidate, final.vintage, "refused", final.silver, revision)
            else:
                accepted = {
                    r.check: r.failures for r in results if r.accepted and r.dataset == name
                }
                self._commit(candidate, final, revision, accepted)
        return not refused

    def _failed(self, candidates: Sequence[Candidate], place: int, error: StatpipeError) -> None:
        """Note that a release is not published: because of the one in this place, if there is one."""
        culprit = candidates[place] if place < len(candidates) else None
        for candidate in candidates:
            noted = candidate
            if culprit is not None and candidate is not culprit:
                name = culprit.dataset.name
                reason = f"{candidate.reason}, but {name} of the same release failed"
                noted = attrs.evolve(candidate, reason=reason)
            self._note(noted, candidate.vintage, "failed")
            for kept in candidate.bronze:
                if f"payload {kept.name}" in str(error):
                    log.warning("the payload is in Bronze", bronze=kept.key)

    def _reconciled(self, candidate: Candidate) -> Reconciled:
        redo, dataset = candidate.redo, candidate.dataset
        remade = redo is not None and bool(redo.fingerprint)
        held = self.state.may_be(dataset.name, candidate.vintage, redo)
        # A vintage rebuilt from its own Bronze keeps its name, whatever the code says now.
        known = [] if remade else [one for one in held if one.fingerprint]
        if not candidate.beside:
            shown = (candidate.vintage, candidate.parts[0].result.result().figures, candidate.seen)
            known = [] if self.state.returns_to(dataset.name, *shown, redo) else known[-1:]
        nameless = None if remade else self.state.nameless(dataset.name, candidate.vintage)

        def named(vintage: Vintage, redated: bool) -> Vintage:
            if remade:
                return vintage
            beside, seen = candidate.beside or redated, candidate.seen
            return self.state.named(dataset.name, vintage, seen, beside=beside, but=redo)

        final: Reconciled | None = None
        for part in candidate.parts:
            fresh = part.result.result()
            vintage = attrs.evolve(candidate.vintage, selection=part.selection)
            if final is None:
                final = reconcile(
                    *(
                        dataset,
                        vintage,
                        fresh,
                        known,
                        candidate.code,
                        self._before.read,
                        named,
                        nameless,
                    )
                )
            else:
                so_far, table = held_as(dataset, final.vintage, final.silver), final.silver.table
                more = reconcile(
                    *(dataset, vintage, fresh, [so_far], candidate.code, _always(table), named)
                )
                final = attrs.evolve(
                    more, same=final.same, grown=final.grown, redated=final.redated
                )
        assert final is not None, "a candidate has at least one part"
        if remade and redo is not None:
            return attrs.evolve(final, vintage=redo.vintage, same=None)
        return final

    def _warn_of_changed_lists(self, ready: Sequence[Ready]) -> None:
        """Tell where the payloads' own codes are not those of the dataset's code lists."""
        source = self.journal.source
        for candidate, final in ready:
            parts = [part.result.result() for part in candidate.parts]
            new = candidate.new_codes
            others = dict.fromkeys(one for part in parts for one in part.other_parents)
            told = (source, candidate.dataset, final.vintage)
            if new:
                self.journal.judged(warning_of_new_codes(*told, new))
            if others:
                self.journal.judged(warning_of_other_parents(*told, tuple(others)))

    def _judged(self, ready: Sequence[Ready]) -> tuple[dict[str, Revision], list[CheckResult]]:
        """Judge the whole release, and then report: what can be done depends on all results."""
        verdicts = [self.workers.judged(*one) for one in self.cases(ready)]
        revisions: dict[str, Revision] = {}
        results: list[CheckResult] = []
        try:
            for (candidate, final), verdict in zip(ready, verdicts, strict=True):
                found = verdict.result()
                results += overruled(
                    found.results,
                    accept_revision=self.accept_revision,
                    accepted=partial(self._accepted, candidate.redo or final.same),
                )
                if found.error is not None:
                    raise found.error
                if found.revision is not None:
                    revisions[candidate.dataset.name] = found.revision
        finally:
            results = with_next_steps(results, self.commands)
            for result in results:
                self.journal.judged(result)
        return revisions, results

    def _accepted(self, held: Held | None) -> Mapping[str, int]:
        """Return what was accepted of a vintage; older versions noted it in the run's checks only."""
        if held is None or held.accepted:
            return held.accepted if held else {}
        return accepted_in_runs(self.lake, self.journal.source, held)

    def _siblings(
        self,
        candidate: Candidate,
        final: Reconciled,
        ready: Sequence[Ready],
    ) -> dict[str, TableRef]:
        before, beside = self._before, {c.dataset.name: one for c, one in ready}

        def sibling(name: str) -> TableRef | None:
            if name in beside:
                return before.ref(name, beside[name])
            held = self.state.of_release(name, final.vintage.printed)
            in_silver = [one for one in held if one.fingerprint]
            return before.held_ref(in_silver[-1]) if in_silver else None

        return siblings_of(candidate.dataset, sibling)

    def _commit(
        self,
        candidate: Candidate,
        final: Reconciled,
        revision: Revision | None,
        accepted: Mapping[str, int],
    ) -> None:
        # Held once it is written: whatever fails now, the manifest names nothing that does not exist.
        key = self._before.ref(candidate.dataset.name, final).key
        self.journal.written(self._published(key, final.silver))
        self.hold(candidate, final, accepted)
        outcome: Outcome = "loaded" if candidate.is_news(final) else "unchanged"
        if final.reworded:
            candidate = attrs.evolve(
                candidate, reason=f"{candidate.reason}: texts changed, but no figure"
            )
        self._note(candidate, final.vintage, outcome, final.silver, revision)

    def _published(self, key: PartitionKey, silver: Silver) -> Receipt:
        receipt = self.lake.publish(key, silver.fingerprint) if silver.staged else None
        if receipt is not None:
            return receipt
        table, fingerprint = silver.table, silver.fingerprint
        return self.lake.write(Partition(key=key, table=table, fingerprint=fingerprint))

    def _note(
        self,
        candidate: Candidate,
        vintage: Vintage,
        outcome: Outcome,
        silver: Silver | None = None,
        revision: Revision | None = None,
    ) -> None:
        self.journal.vintages.append(
            VintageRecord(
                dataset=candidate.dataset.name,
                vintage=vintage.id,
                note=vintage.note,
                outcome=outcome,
                reason=candidate.reason,
                rows=silver.rows if silver else 0,
                figures=silver.figures if silver else "",
                fingerprint=silver.fingerprint if silver else "",
                structure=candidate.structure if silver else "",
                selection=candidate.vintage.selection,
                basis=vintage.basis,
                seen_before=vintage.seen_before,
                revision=revision,
                bronze=candidate.bronze,
            )
        )


def _always(table: pa.Table) -> Callable[[Held], pa.Table]:
    return lambda _: table
