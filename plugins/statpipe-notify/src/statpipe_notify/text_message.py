"""A run as plain text, for mail and chat."""

from __future__ import annotations

from collections.abc import Iterator

from statpipe.api import CheckResult, Manifest
from statpipe.domain.revision import Revision, percent
from statpipe.domain.visible import one_line
from statpipe_notify.ending import (
    exit_in_words,
    failed_checks,
    headline,
    manifest_path,
    verdict,
)
from statpipe_notify.shortened import shortened

CUT = "(cut here; the manifest has the rest)"
_SHOWN_MOVES, _SHOWN_CELLS = 5, 10


def text_message(manifest: Manifest, limit: int, link: str = "") -> str:
    """
    Return how a run ended, in at most *limit* characters. *link* is the URL of its log.
    """
    top = _top(manifest, link)
    rest = "\n".join(_details(manifest))
    return shortened(f"{top}\n\n{rest}" if rest else top, limit, CUT)


def _top(manifest: Manifest, link: str) -> str:
    path = manifest_path(manifest)
    lines = (
        headline(manifest),
        exit_in_words(manifest),
        one_line(manifest.message),
        one_line(manifest.calendar),
        one_line(manifest.notice),
        f"Run {manifest.run_id}" + (f", manifest {path} in the lake" if path else ""),
        link,
    )
    return "\n".join(line for line in lines if line)


def _details(manifest: Manifest) -> Iterator[str]:
    for record in manifest.vintages:
        rows = f", {record.rows:,} rows" if record.rows else ""
        why = f" ({one_line(record.reason)})" if record.reason else ""
        yield one_line(f"{record.dataset} {record.vintage}: {record.outcome}{rows}") + why
        if record.revision is not None:
            yield from _moves(record.revision)
    for result in failed_checks(manifest):
        yield f"{verdict(result)}: {one_line(result.in_words)}"
        yield from _cells(result)


def _moves(revision: Revision) -> Iterator[str]:
    yield f"  {one_line(revision.in_words)}"
    for move in revision.largest[:_SHOWN_MOVES]:
        cell = " ".join(one_line(move[name]) for name in ("ref_area", "category", "time_period"))
        change = percent(move["percent"])
        yield f"    {cell}: {one_line(move['old'])} -> {one_line(move['new'])} ({change})"


def _cells(result: CheckResult) -> Iterator[str]:
    for cell in result.cells[:_SHOWN_CELLS]:
        yield "    " + ", ".join(
            f"{one_line(name)} {one_line(value)}" for name, value in cell.items()
        )
    more = result.failures - min(len(result.cells), _SHOWN_CELLS)
    if more > 0 and result.cells:
        yield f"    and {more:,} more"
