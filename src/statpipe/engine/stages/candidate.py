"""A vintage that passes through the stages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import attrs
from attrs import field, frozen

from statpipe.api import BronzeObject, Dataset, Held, Selection, Vintage
from statpipe.domain.new_codes import NewCode
from statpipe.domain.structure import structure_hash
from statpipe.engine.stages.promise import Promise
from statpipe.engine.stages.reconcile import Reconciled
from statpipe.engine.stages.task import Silver


@frozen(kw_only=True)
class Part:
    """
    Payloads of one ingest, being normalized, and what was asked for then.
    """

    selection: Selection
    result: Promise[Silver] = field(repr=False)


@frozen(kw_only=True)
class Candidate:
    """
    A vintage whose payloads were fetched, or read back from Bronze.

    ``redo`` is the held vintage that is rebuilt from its own Bronze. ``parts`` is empty where only
    Bronze is asked for. ``beside`` says that the source offers others of the same date, so that it
    may be any of those held; a live source's can be the last one only, or a new one: figures may
    also change back. ``structure`` is the hash of the dataset's structure, once that is known.
    """

    dataset: Dataset
    vintage: Vintage
    reason: str
    code: str
    bronze: tuple[BronzeObject, ...] = field(repr=False)
    parts: tuple[Part, ...] = field(default=(), repr=False)
    redo: Held | None = None
    beside: bool = False
    structure: str = ""

    @property
    def seen(self) -> date:
        """
        The day on which its last payload arrived, by our clock.
        """
        times = [kept.retrieved for kept in self.bronze if kept.retrieved is not None]
        return max(times, default=datetime.now(UTC)).astimezone(UTC).date()

    @property
    def new_codes(self) -> tuple[NewCode, ...]:
        """
        The codes that its payloads name and its dataset's lists did not have.
        """
        results = [part.result.result() for part in self.parts]
        return tuple(dict.fromkeys(code for one in results for code in one.new_codes))

    def described(self) -> Candidate:
        """
        Return the candidate with its dataset as the newest of its payloads describe it.
        """
        datasets = [part.result.result().dataset for part in self.parts]
        if not datasets or datasets[-1] is None:
            return self
        dataset = attrs.evolve(datasets[-1], selection=self.dataset.selection)
        return attrs.evolve(self, dataset=dataset, structure=structure_hash(dataset))

    def is_news(self, final: Reconciled) -> bool:
        """
        Return whether publishing it would change anything.
        """
        return self.redo is not None or final.changes
