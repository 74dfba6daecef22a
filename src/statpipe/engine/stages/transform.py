"""From Bronze to Silver: reconcile with what is held, judge, publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import attrs
import structlog

from statpipe.api import (
    Check,
    CheckResult,
    ContentError,
    Dataset,
    Held,
    Lake,
    Normalizer,
    Origin,
    Partition,
    Snapshot,
    StatpipeError,
    Vintage,
    VintageRecord,
)
from statpipe.domain.history import Published, believed
from statpipe.domain.manifest import Outcome
from statpipe.domain.revision import Revision, revision_of
from statpipe.engine.record.decide import Outdated
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.records import accepted_in_runs, payloads_of, record_of
from statpipe.engine.record.state import State, silver_key, silver_of_lake
from statpipe.engine.stages.candidate import Candidate, Part
from statpipe.engine.stages.judge import (
    judge,
    siblings_of,
    warning_of_new_codes,
    warning_of_other_parents,
)
from statpipe.engine.stages.next_step import Commands, with_next_steps
from statpipe.engine.stages.reconcile import Reconciled, reconcile
from statpipe.engine.stages.task import Silver, Task, normalize

if TYPE_CHECKING:
    import pyarrow as pa

log = structlog.get_logger("statpipe")


@attrs.frozen(kw_only=True)
class Transform:
    """
    The coordinator's side of Silver. A release is published whole or not at all.
    """

    lake: Lake
    checks: Mapping[str, Check]
    state: State
    journal: Journal
    executor: Executor = attrs.field(repr=False)
    commands: Commands
    accept_revision: bool = False

    def read_back(self, item: Outdated, normalizer: Normalizer, code: str) -> Candidate:
        """
        Read a vintage's payloads from Bronze and hand them to the executor.
        """
        held, dataset = item.held, item.dataset
        self.journal.found(held.dataset, held.vintage, "make from Bronze", item.reason)
        records = [
            record_of(self.lake, self.journal.source, held.dataset, origin)
            for origin in held.made_from
        ]
        parts = []
        for record in records:
            task = Task(
                dataset=attrs.evolve(dataset, selection=record.selection),
                vintage=held.vintage.id,
                normalizer=normalizer,
                code=code,
                payloads=payloads_of(self.lake, record),
            )
            result = self.executor.submit(normalize, task)
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
        Make a vintage anew from Bronze, under its name; nothing is judged or published.

        :raises ContentError: Bronze is damaged, or cannot be read any more.
        """
        return self._reconciled(self.read_back(item, normalizer, code)).silver

    def publish(self, candidates: Sequence[Candidate]) -> bool:
        """
        Judge the vintages of one release; publish all of them, or none.
        """
        ready: list[tuple[Candidate, Reconciled]] = []
        try:
            for candidate in candidates:
                ready.append((candidate.described(), self._reconciled(candidate)))  # noqa: PERF401 - counted
            revisions = self._revisions(ready)
            self._warn_of_changed_lists(ready)
            results = self._judged(ready, revisions)
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
                    log.warning("the payload lies in Bronze", bronze=kept.key)

    def _reconciled(self, candidate: Candidate) -> Reconciled:
        redo, dataset = candidate.redo, candidate.dataset
        remade = redo is not None and bool(redo.fingerprint)
        held = self.state.may_be(dataset.name, candidate.vintage, redo)
        # Made anew from its own Bronze, a vintage keeps its name, whatever the code says now.
        known = [] if remade else [one for one in held if one.fingerprint]
        if not candidate.beside:
            known = known[-1:]
        nameless = None if remade else self.state.nameless(dataset.name, candidate.vintage)

        def named(vintage: Vintage) -> Vintage:
            if remade:
                return vintage
            beside, seen = candidate.beside, candidate.seen
            return self.state.named(dataset.name, vintage, seen, beside=beside, but=redo)

        final: Reconciled | None = None
        for part in candidate.parts:
            fresh = part.result.result()
            vintage = attrs.evolve(candidate.vintage, selection=part.selection)
            if final is None:
                final = reconcile(
                    *(dataset, vintage, fresh, known, candidate.code, self._read, named, nameless)
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

    def _revisions(self, ready: Sequence[tuple[Candidate, Reconciled]]) -> dict[str, Revision]:
        """
        Say what each vintage that is news does to the figures believed before it.

        One that is made anew with the same figures does nothing to them, nor do other texts: they are
        told where they are the names of codes.
        """
        found = {}
        for candidate, final in ready:
            redo, same = candidate.redo, final.same
            if not candidate.is_news(final) or (redo and redo.figures == final.silver.figures):
                continue
            if final.redated or (final.reworded and not (same and self._is_readable(same))):
                continue
            revision = self._revision(candidate, final)
            if revision.codes or not final.reworded:
                found[candidate.dataset.name] = revision
        return found

    def _revision(self, candidate: Candidate, final: Reconciled) -> Revision:
        earlier = self._earlier(candidate, final)
        oldest_first = sorted(earlier, key=lambda held: (held.released, held.sequence))
        published = [Published(vintage=h.vintage, table=self._read(h)) for h in oldest_first]
        before = believed(published) if published else None
        names = _releases_of(before, earlier, final.vintage)
        others = [name for name in names if name != final.vintage.id]
        since, *also = others or names or [""]
        return revision_of(
            before, final.silver.table, candidate.dataset, final.vintage, since, tuple(also)
        )

    def _earlier(self, candidate: Candidate, final: Reconciled) -> list[Held]:
        """Give the vintages before, newest first, until one was asked for all that this one is."""
        found: list[Held] = []
        for held in reversed(self.state.holds()):
            # What is held of this very vintage was believed before more of it came, or before other
            # code read it.
            own = held is final.same or (held is candidate.redo and self._is_there(held))
            before = held.vintage.id < final.vintage.id or own
            if held.dataset == candidate.dataset.name and held.fingerprint and before:
                found.append(held)
                if held.selection.covers(final.vintage.selection):
                    break
        return found

    def _is_there(self, held: Held) -> bool:
        return self.lake.fingerprint(silver_key(self.journal.source, held)) == held.fingerprint

    def _is_readable(self, held: Held) -> bool:
        try:
            self._read(held)
        except ContentError:
            return False
        return True

    def _warn_of_changed_lists(self, ready: Sequence[tuple[Candidate, Reconciled]]) -> None:
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

    def _judged(
        self, ready: Sequence[tuple[Candidate, Reconciled]], revisions: Mapping[str, Revision]
    ) -> list[CheckResult]:
        """Judge the whole release, and then report: what can be done depends on all results."""
        tables = {c.dataset.name: final.silver.table for c, final in ready}
        results: list[CheckResult] = []
        try:
            for candidate, final in ready:
                if not candidate.is_news(final):
                    continue
                snapshot = self._snapshot(candidate.dataset, final, tables)
                judge(
                    self.checks,
                    attrs.evolve(
                        snapshot,
                        revision=revisions.get(candidate.dataset.name),
                        new_codes=frozenset(one.code for one in candidate.new_codes),
                    ),
                    self._previous(candidate.dataset, final),
                    results.append,
                    accept_revision=self.accept_revision,
                    accepted=partial(self._accepted, candidate.redo or final.same),
                )
        finally:
            results = with_next_steps(results, self.commands)
            for result in results:
                self.journal.judged(result)
        return results

    def _accepted(self, held: Held | None) -> Mapping[str, int]:
        """Return what was accepted of a vintage; older versions noted it in the run's checks only."""
        if held is None or held.accepted:
            return held.accepted if held else {}
        return accepted_in_runs(self.lake, self.journal.source, held)

    def _snapshot(
        self, dataset: Dataset, final: Reconciled, tables: Mapping[str, pa.Table]
    ) -> Snapshot:
        def sibling(name: str) -> pa.Table | None:
            if name in tables:
                return tables[name]
            held = self.state.of_release(name, final.vintage.printed)
            in_silver = [one for one in held if one.fingerprint]
            return self._read(in_silver[-1]) if in_silver else None

        return Snapshot(
            dataset=dataset,
            vintage=final.vintage,
            table=final.silver.table,
            siblings=siblings_of(dataset, sibling),
        )

    def _previous(self, dataset: Dataset, final: Reconciled) -> Snapshot | None:
        """Give the vintage before; of other texts under an unchanged date, what was held of it."""
        before = self.state.before(dataset.name, final.vintage)
        if final.reworded and final.same is not None and self._is_readable(final.same):
            before = final.same
        if before is None:
            return None
        return Snapshot(dataset=dataset, vintage=before.vintage, table=self._read(before))

    def _commit(
        self,
        candidate: Candidate,
        final: Reconciled,
        revision: Revision | None,
        accepted: Mapping[str, int],
    ) -> None:
        made_from = self._made_from(candidate, final)
        held = held_as(candidate.dataset, final.vintage, final.silver, candidate.code, made_from)
        if not candidate.is_news(final) and final.same is not None:
            accepted = final.same.accepted  # nothing was judged
        held = attrs.evolve(
            held,
            accepted=accepted,
            looked=_looked(candidate, final),
            structure=_structure(candidate, final),
        )
        receipt = self.lake.write(
            Partition(
                key=silver_key(self.journal.source, held),
                table=final.silver.table,
                fingerprint=final.silver.fingerprint,
            )
        )
        self.journal.written(receipt)
        if candidate.redo is not None:
            self.state.drop(candidate.redo)
        if final.redated and final.same is not None:
            self.state.drop(final.same)
        self.state.put(held)
        outcome: Outcome = "loaded" if candidate.is_news(final) else "unchanged"
        if final.reworded:
            candidate = attrs.evolve(
                candidate, reason=f"{candidate.reason}: texts changed, no figure"
            )
        self._note(candidate, final.vintage, outcome, final.silver, revision)

    def _made_from(self, candidate: Candidate, final: Reconciled) -> tuple[Origin, ...]:
        """Name the Bronze of a vintage: its own, and that of the cells it was joined with."""
        redo, same = candidate.redo, final.same
        own = (
            redo.made_from
            if redo is not None
            else (Origin(run_id=self.journal.run_id, vintage=final.vintage.id),)
        )
        if same is None:
            return own
        if final.redated:
            return (*same.made_from, *own)
        if not final.grown and not final.reworded:
            return same.made_from
        replaces = candidate.vintage.selection.covers(same.selection)
        return own if replaces else (*same.made_from, *own)

    def _read(self, held: Held) -> pa.Table:
        return silver_of_lake(self.lake, self.journal.source, held)

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
                rows=len(silver.table) if silver else 0,
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


def _releases_of(before: pa.Table | None, earlier: Sequence[Held], vintage: Vintage) -> list[str]:
    """Name the releases, newest first, that the figures believed before a vintage were read from."""
    import pyarrow.compute as pc

    if before is None:
        return []
    names, left = [], vintage.selection.rows_of(before)
    for held in earlier:
        own = held.selection.holds(left)
        if pc.any(own).as_py():
            names.append(held.vintage.id)
        left = left.filter(pc.invert(own))
    return names


def _structure(candidate: Candidate, final: Reconciled) -> str:
    """Give the structure of what is held: what says the same again stays as it was read first."""
    same = final.same
    kept = same.structure if same is not None and not final.changes else ""
    return kept or candidate.structure


def _looked(candidate: Candidate, final: Reconciled) -> date | None:
    """The last day on which these figures were there; an archive tells nothing of today."""
    if candidate.redo is not None and candidate.redo.looked is not None:
        return candidate.redo.looked
    before = final.same.looked if final.same is not None else None
    if candidate.beside:
        return before
    return max(candidate.seen, before or candidate.seen)


def _always(table: pa.Table) -> Callable[[Held], pa.Table]:
    return lambda _: table


def held_as(
    dataset: Dataset,
    vintage: Vintage,
    silver: Silver,
    code: str = "",
    made_from: tuple[Origin, ...] = (),
) -> Held:
    """
    Describe a vintage in Silver.
    """
    return Held(
        dataset=dataset.name,
        released=vintage.released,
        sequence=vintage.sequence,
        note=vintage.note,
        token=vintage.token,
        selection=vintage.selection,
        figures=silver.figures,
        fingerprint=silver.fingerprint,
        rows=len(silver.table),
        code=code,
        made_from=made_from,
        basis=vintage.basis,
        released_at=vintage.released_at,
        seen_before=vintage.seen_before,
        under=vintage.under,
        dimensions={one.column: one.name for one in dataset.dimensions},
    )
