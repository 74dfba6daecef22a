"""Where a number comes from, as JSON."""

from __future__ import annotations

from typing import Any

import attrs

from statpipe.engine.answers.evidence import Evidence
from statpipe.engine.answers.exact_value import exact
from statpipe.engine.answers.provenance import Provenance
from statpipe.engine.answers.status_words import status_in_words


def provenance_document(provenance: Provenance) -> dict[str, Any]:
    """
    Return what ``statpipe explain`` prints with ``--json``. Decimals are text.
    """
    history = provenance.history
    return {
        "model": provenance.model.name,
        "rows": [{name: exact(value) for name, value in row.items()} for row in provenance.rows],
        "source": history.source,
        "cell": history.cell.key,
        "area_name": history.area_name,
        "category_name": history.category_name,
        "figure": _plain(provenance.current)
        | {"status": status_in_words(provenance.current.obs_status)},
        "history": [_plain(stand) for stand in history.stands],
        "silver": _plain(provenance.silver) | {"verified": not provenance.silver.damage},
        "structure": {
            "sha256": provenance.structure,
            "bronze": [one.kept.key for one in provenance.structures],
        },
        "bronze": [_evidence(one) for one in provenance.evidence],
        "runs": [_plain(run) for run in provenance.runs],
        "checks": [{"run_id": run_id, **_plain(result)} for run_id, result in provenance.checks],
        "problems": list(provenance.problems),
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    kept = _plain(one.kept)
    return {
        **kept,
        "run_id": one.run_id,
        "verified": not one.damage,
        "damage": one.damage,
        "holds_the_figure": one.holds,
        "read_again": exact(one.value),
    }


def _plain(value: Any) -> dict[str, Any]:
    return attrs.asdict(value, value_serializer=lambda _, __, one: exact(one))
