"""The revision report: how a run's vintages changed the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from statpipe.api import ConfigError, Manifest
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import say
from statpipe.domain.markdown import as_table, escaped
from statpipe.domain.revision import Movement, Revision, percent

_SHOWN = 5
"""Figures listed on a terminal; the manifest and the Markdown report list more."""

_CELL = ("ref_area", "category", "category_name", "time_period", "old", "new")


def revisions_of(manifest: Manifest) -> list[Revision]:
    """
    Return the reports of a run, in the order of its vintages.
    """
    return [record.revision for record in manifest.vintages if record.revision is not None]


def print_revisions(manifest: Manifest) -> None:
    """
    Print one line per vintage, and the figures with the largest revisions.
    """
    for revision in revisions_of(manifest):
        say(to_stderr=True)
        say(revision.in_words, to_stderr=True)
        rows = [_row(move) for move in revision.largest[:_SHOWN]]
        if rows:
            columns = (*_CELL, "change")
            print_table(
                "",
                columns,
                rows,
                to_stderr=True,
                right=("old", "new", "change"),
                less=("category_name",),
            )


def unjudged(manifest: Manifest) -> list[str]:
    """
    Return the checks that did not judge datasets, with one line per reason.
    """
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for result in manifest.checks:
        if not result.judged:
            checks, datasets = found.setdefault(result.message, ({}, {}))
            checks[result.check] = datasets[f"{result.dataset} {result.vintage}"] = None
    return [
        f"not judged by {', '.join(checks)}: {', '.join(datasets)}; {why}"
        for why, (checks, datasets) in found.items()
    ]


def as_markdown(manifest: Manifest) -> str:
    """
    Return the whole report as Markdown.
    """
    return "\n".join(_lines(manifest)) + "\n"


def write_markdown(manifests: list[Manifest], path: Path) -> None:
    """
    Write the reports of some runs to a file.

    :raises ConfigError: It cannot be written.
    """
    try:
        path.write_text("\n".join(map(as_markdown, manifests)), encoding="utf-8")
    except OSError as error:
        msg = (
            f"the report cannot be written: {path}: {error.strerror}; name a file in an existing "
            "folder"
        )
        raise ConfigError(msg) from None


def _lines(manifest: Manifest) -> Iterator[str]:
    yield f"# Revisions: {escaped(manifest.source)}, run {escaped(manifest.run_id)}"
    yield ""
    found = revisions_of(manifest)
    if not found:
        yield "No release changed any figure."
    for revision in found:
        yield f"## {escaped(revision.dataset)} {escaped(revision.vintage)}"
        yield ""
        yield f"{escaped(revision.in_words)}."
        yield ""
        if revision.by_area:
            yield from as_table(
                ("area", "compared", "revised", "median", "95th percentile", "largest"),
                (
                    (area, f"{moved.compared:,}", f"{moved.revised:,}", *_sizes(moved))
                    for area, moved in {"all": revision.overall, **revision.by_area}.items()
                ),
            )
        if revision.largest:
            yield "The largest revisions:"
            yield ""
            yield from as_table((*_CELL, "change"), map(_row, revision.largest))
    for line in unjudged(manifest):
        yield ""
        yield f"{escaped(line[0].upper() + line[1:])}."
    if manifest.accepted_revision:
        yield "The operator of this run overruled checks that refused this release."


def _row(move: Mapping[str, Any]) -> tuple[str, ...]:
    return (*(str(move[name]) for name in _CELL), percent(move["percent"]))


def _sizes(moved: Movement) -> tuple[str, ...]:
    return tuple(map(percent, (moved.median_percent, moved.p95_percent, moved.largest_percent)))
