"""A run as Markdown, for GitHub's job summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from statpipe.api import CheckResult, Manifest
from statpipe.domain.markdown import as_table, escaped
from statpipe.domain.revision import Movement, Revision, percent
from statpipe_notify.ending import exit_in_words, failed_checks, headline, manifest_path, verdict

_CELL = ("ref_area", "category", "category_name", "time_period", "old", "new")
_QUIET = ("loaded", "unchanged", "ingested")


def as_markdown(manifest: Manifest) -> str:
    """
    Return everything about a run, or a single line if nothing has changed.
    """
    if manifest.outcome == "unchanged" and not manifest.late:
        return f"{escaped(headline(manifest))}, run {escaped(manifest.run_id)}\n\n"
    return "\n".join(_lines(manifest)) + "\n\n"


def _lines(manifest: Manifest) -> Iterator[str]:
    yield f"## {escaped(headline(manifest))}"
    yield ""
    mark = "" if manifest.outcome in _QUIET else "**"
    yield f"{mark}{escaped(exit_in_words(manifest))}{mark}"
    yield ""
    for text in (manifest.message, manifest.calendar, manifest.notice):
        if text:
            yield from (escaped(text), "")
    if manifest.vintages:
        rows = (
            (v.dataset, v.vintage, v.outcome, f"{v.rows:,}" if v.rows else "", v.reason)
            for v in manifest.vintages
        )
        yield from as_table(("dataset", "vintage", "outcome", "rows", "why"), rows)
    for record in manifest.vintages:
        if record.revision is not None:
            yield from _revision(record.revision)
    for result in failed_checks(manifest):
        yield from _check(result)
    path = manifest_path(manifest)
    where = f", manifest {escaped(path)} in the lake" if path else ""
    yield f"Run {escaped(manifest.run_id)}{where}"


def _revision(revision: Revision) -> Iterator[str]:
    yield f"### {escaped(f'{revision.dataset} {revision.vintage}')}"
    yield ""
    yield escaped(revision.in_words)
    yield ""
    if revision.largest:
        yield "The largest revisions:"
        yield ""
        yield from as_table((*_CELL, "change"), map(_move, revision.largest))
    if revision.by_area:
        yield "<details><summary>By area</summary>"
        yield ""
        areas = {"all": revision.overall, **revision.by_area}
        columns = ("area", "compared", "revised", "median", "95th percentile", "largest")
        yield from as_table(columns, (_moved(area, moved) for area, moved in areas.items()))
        yield "</details>"
        yield ""


def _move(move: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*(move.get(name, "") for name in _CELL), percent(move["percent"]))


def _moved(area: str, moved: Movement) -> tuple[Any, ...]:
    sizes = (moved.median_percent, moved.p95_percent, moved.largest_percent)
    return (area, f"{moved.compared:,}", f"{moved.revised:,}", *map(percent, sizes))


def _check(result: CheckResult) -> Iterator[str]:
    yield f"### {escaped(verdict(result))}"
    yield ""
    yield escaped(result.in_words)
    yield ""
    if result.cells:
        columns = list(dict.fromkeys(name for cell in result.cells for name in cell))
        yield f"{len(result.cells)} of {result.failures:,} cells:"
        yield ""
        yield from as_table(columns, ([c.get(name, "") for name in columns] for c in result.cells))
