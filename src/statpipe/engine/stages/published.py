"""The lake's record of a vintage in Silver."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import attrs

from statpipe.api import Dataset, Held, Origin, Vintage
from statpipe.engine.stages.candidate import Candidate
from statpipe.engine.stages.reconcile import Reconciled
from statpipe.engine.stages.task import Silver


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
        rows=silver.rows,
        code=code,
        made_from=made_from,
        basis=vintage.basis,
        released_at=vintage.released_at,
        seen_before=vintage.seen_before,
        under=vintage.under,
        dimensions={one.column: one.name for one in dataset.dimensions},
    )


def held_after(
    candidate: Candidate, final: Reconciled, run_id: str, accepted: Mapping[str, int]
) -> Held:
    """
    Describe a vintage that a run publishes; *accepted* are the verdicts that were overruled for it.
    """
    if not candidate.is_news(final) and final.same is not None:
        accepted = final.same.accepted  # nothing was judged
    origins = _made_from(candidate, final, run_id)
    return attrs.evolve(
        held_as(candidate.dataset, final.vintage, final.silver, candidate.code, origins),
        accepted=accepted,
        looked=_looked(candidate, final),
        structure=_structure(candidate, final),
    )


def _made_from(candidate: Candidate, final: Reconciled, run_id: str) -> tuple[Origin, ...]:
    """Name the Bronze of a vintage: its own, and that of the cells it was joined with."""
    redo, same = candidate.redo, final.same
    own = redo.made_from if redo is not None else (Origin(run_id=run_id, vintage=final.vintage.id),)
    if same is None:
        return own
    if final.redated:
        return (*same.made_from, *own)
    if not final.grown and not final.reworded:
        return same.made_from
    replaces = candidate.vintage.selection.covers(same.selection)
    return own if replaces else (*same.made_from, *own)


def _structure(candidate: Candidate, final: Reconciled) -> str:
    """Give the structure of what is held: what says the same again stays as it was read first."""
    same = final.same
    kept = same.structure if same is not None and not final.changes else ""
    return kept or candidate.structure


def _looked(candidate: Candidate, final: Reconciled) -> date | None:
    """The last day on which these figures were there; an archive tells nothing of today."""
    redo = candidate.redo
    if redo is not None and (redo.looked is not None or redo.fingerprint):
        return redo.looked
    before = final.same.looked if final.same is not None else None
    if candidate.beside:
        return before
    return max(candidate.seen, before or candidate.seen)
