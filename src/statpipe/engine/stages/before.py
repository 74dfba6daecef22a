"""The figures known before a vintage, and how the vintage changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from statpipe.api import ContentError, Dataset, Held, Lake, Layer, PartitionKey
from statpipe.engine.record.state import State, silver_key, silver_of_lake
from statpipe.engine.stages.candidate import Candidate
from statpipe.engine.stages.case import Case, Earlier, TableRef
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

    def case(
        self, candidate: Candidate, final: Reconciled, siblings: Mapping[str, TableRef]
    ) -> Case:
        """
        Say what the checks compare a vintage with, and whose figures it may have revised.
        """
        dataset = candidate.dataset
        return Case(
            dataset=dataset,
            vintage=final.vintage,
            table=self.ref(dataset.name, final),
            previous=self.previous(dataset, final),
            siblings=siblings,
            revised=self._revised(candidate, final),
            reworded=final.reworded,
            judged=candidate.is_news(final),
            new_codes=frozenset(one.code for one in candidate.new_codes),
        )

    def ref(self, dataset: str, final: Reconciled) -> TableRef:
        """
        Name the table of a vintage that is not published yet.
        """
        key = PartitionKey(
            layer=Layer.SILVER, owner=self.source, dataset=dataset, vintage=final.vintage.id
        )
        return TableRef(key=key, fingerprint=final.silver.fingerprint)

    def held_ref(self, held: Held) -> TableRef:
        """
        Name the table of a vintage in Silver.
        """
        return TableRef(key=silver_key(self.source, held), fingerprint=held.fingerprint)

    def previous(self, dataset: Dataset, final: Reconciled) -> Earlier | None:
        """
        Return the previous vintage; for new texts under an unchanged date, what was held of it.

        What the agency shows under an earlier date is compared with what it showed under that date: a release
        that it took back may have had more periods.
        """
        before = self.state.before(dataset.name, final.vintage)
        if final.vintage.under is not None:
            under = self.state.of_release(dataset.name, final.vintage.under)
            shown = [h for h in under if h.fingerprint and h.vintage.id < final.vintage.id]
            before = shown[-1] if shown else before
        if final.reworded and final.same is not None and self._is_readable(final.same):
            before = final.same
        return None if before is None else self._as_earlier(before)

    def _revised(self, candidate: Candidate, final: Reconciled) -> tuple[Earlier, ...] | None:
        """
        Give the vintages whose figures one that is news may change.

        A vintage rebuilt with the same figures does not change them, nor do other texts: they are
        told where they are the names of codes.
        """
        redo, same = candidate.redo, final.same
        if not candidate.is_news(final) or (redo and redo.figures == final.silver.figures):
            return None
        if final.redated or (final.reworded and not (same and self._is_readable(same))):
            return None
        return tuple(map(self._as_earlier, self._earlier(candidate, final)))

    def _as_earlier(self, held: Held) -> Earlier:
        return Earlier(vintage=held.vintage, table=self.held_ref(held))

    def _earlier(self, candidate: Candidate, final: Reconciled) -> list[Held]:
        """Give the vintages before, newest first, until one was asked for all that this one is."""
        found: list[Held] = []
        for held in reversed(self.state.of(candidate.dataset.name)):
            # What is held of this very vintage was known before more of it came, or before other
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
