"""What was believed before a vintage, and what the vintage does to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from statpipe.api import ContentError, Dataset, Held, Lake, Snapshot, Vintage
from statpipe.domain.history import Published, believed
from statpipe.domain.revision import Revision, revision_of
from statpipe.engine.record.state import State, silver_key, silver_of_lake
from statpipe.engine.stages.candidate import Candidate
from statpipe.engine.stages.reconcile import Reconciled

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class Before:
    """
    What the lake holds of a source before a release is published.
    """

    lake: Lake
    state: State
    source: str

    def read(self, held: Held) -> pa.Table:
        """
        Read a vintage in Silver.

        :raises ContentError: It is gone or damaged.
        """
        return silver_of_lake(self.lake, self.source, held)

    def revisions(self, ready: Sequence[tuple[Candidate, Reconciled]]) -> dict[str, Revision]:
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

    def snapshot(self, dataset: Dataset, final: Reconciled) -> Snapshot | None:
        """
        Give the vintage before; of other texts under an unchanged date, what was held of it.

        What the agency shows under an earlier date is held against what it showed under that date: a release
        that it took back may have had more periods.
        """
        before = self.state.before(dataset.name, final.vintage)
        if final.vintage.under is not None:
            under = self.state.of_release(dataset.name, final.vintage.under)
            shown = [h for h in under if h.fingerprint and h.vintage.id < final.vintage.id]
            before = shown[-1] if shown else before
        if final.reworded and final.same is not None and self._is_readable(final.same):
            before = final.same
        if before is None:
            return None
        return Snapshot(dataset=dataset, vintage=before.vintage, table=self.read(before))

    def _revision(self, candidate: Candidate, final: Reconciled) -> Revision:
        earlier = self._earlier(candidate, final)
        oldest_first = sorted(earlier, key=lambda held: (held.released, held.sequence))
        published = [Published(vintage=h.vintage, table=self.read(h)) for h in oldest_first]
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
        for held in reversed(self.state.of(candidate.dataset.name)):
            # What is held of this very vintage was believed before more of it came, or before other
            # code read it.
            own = held is final.same or (held is candidate.redo and self._is_there(held))
            before = held.vintage.id < final.vintage.id or own
            if held.fingerprint and before:
                found.append(held)
                if held.selection.covers(final.vintage.selection):
                    break
        return found

    def _is_there(self, held: Held) -> bool:
        return self.lake.fingerprint(silver_key(self.source, held)) == held.fingerprint

    def _is_readable(self, held: Held) -> bool:
        try:
            self.read(held)
        except ContentError:
            return False
        return True


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
