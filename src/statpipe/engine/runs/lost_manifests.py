"""What the lake holds of a source without an intact manifest, and what that means."""

from __future__ import annotations

from typing import Literal

from statpipe.engine.gold.maker import gold_key
from statpipe.engine.site.model_order import sources_of
from statpipe.engine.site.site import Site

_LAYERS = {"silver": "Silver", "changes": "the history of changes", "gold": "Gold"}


def without_manifest(site: Site, source: str) -> tuple[Literal["damaged", "note"], str] | None:
    """
    For a source without an intact manifest, say whether manifests were lost, and which command to
    run.

    Only a run that was killed before its manifest leaves Bronze alone. Anything made later almost
    proves that manifests existed. Return ``None`` if the lake holds nothing of the source.
    """
    there = {path.partition("/")[0] for path in site.lake.unnamed(source, (), ())}
    if site.lake.partitions(source):
        there.add("silver")
    if _has_gold(site, source):
        there.add("gold")
    left = [words for layer, words in _LAYERS.items() if layer in there]
    if there & {"runs", "copies"}:
        left.append("a manifest that was set aside")
    if left:
        return "damaged", (
            f"has no readable manifest, but the lake holds {', '.join(left)}; restore "
            f"`runs/{source}` from a backup, or load the agency's current release: run `statpipe "
            f"run {source}`"
        )
    if "bronze" in there:
        return "note", (
            "only Bronze exists: the first run was killed, or everything else was lost; run "
            f"`statpipe run {source}`, which reuses Bronze, or restore a backup"
        )
    return None


def _has_gold(site: Site, source: str) -> bool:
    """Return whether a table exists that is made from this source alone."""
    models = site.registry.models()
    own = [one for one in site.models_of(source) if sources_of(models, one) == [source]]
    return any(site.lake.fingerprint(gold_key(one)) is not None for one in own)
