"""The vintages behind a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from statpipe.engine.answers.figures import figures, whole_model
from statpipe.engine.answers.words import OPTIONS, Words
from statpipe.engine.record.records import held_of
from statpipe.engine.site.model_order import sources_of
from statpipe.engine.site.site import Site

_HISTORY = "_history"


def vintages_of(
    site: Site, name: str, wanted: Mapping[str, Sequence[str]], *, words: Words = OPTIONS
) -> list[dict[str, Any]]:
    """
    Return the vintages behind a model, oldest first; if figures are chosen, only vintages that set
    one of them.

    :raises ConfigError: The model does not exist; or, if figures are chosen, it has no history or
    no such row.
    """
    found = whole_model(site, name)
    rows = [
        {
            "source": source,
            "dataset": held.dataset,
            "vintage": held.vintage.id,
            "released": held.released,
            "basis": held.basis,
            "note": held.vintage.note,
        }
        for source in sources_of(list(site.registry.models()), found)
        for held in held_of(site.lake, source)
        if held.fingerprint
    ]
    if wanted:
        history = whole_model(site, name if name.endswith(_HISTORY) else f"{name}{_HISTORY}")
        table = figures(site, history, wanted, words=words)
        columns = (table[one].cast("string").to_pylist() for one in ("dataset", "vintage"))
        set_by = {*zip(*columns, strict=True)}
        rows = [row for row in rows if (row["dataset"], row["vintage"]) in set_by]
    return sorted(
        rows, key=lambda row: (row["released"], row["source"], row["dataset"], row["vintage"])
    )
