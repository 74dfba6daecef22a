"""The output of a run for a person at a terminal: a bar during the run, then a few lines with the
essentials.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from statpipe.api import (
    CheckFinished,
    Manifest,
    PartitionWritten,
    PayloadReceived,
    RunFinished,
    RunStarted,
    VintageFound,
    hookimpl,
)
from statpipe.cli.common_options import CommonOptions
from statpipe.cli.terminal import make_progress, say, shown, width
from statpipe.domain.revision import Revision, counted, percent
from statpipe.engine.record.advice import in_environment

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

MOST_LINES = 15
"""Lines that a successful run may print on a terminal of 80 columns."""
_RELEASES, _MOVES, _WARNINGS = 3, 3, 2
_WELL = frozenset({"loaded", "unchanged", "ingested"})

Line = tuple[str, str]
"""A text and its style."""


def is_brief(options: CommonOptions) -> bool:
    """
    Return whether the output goes to a terminal, and not every line is wanted.
    """
    return (
        options.log_format == "text"
        and not (options.verbose or options.debug)
        and sys.stderr.isatty()
    )


class BriefReport:
    """
    An observer that shows the progress of each active run in a temporary line.
    """

    def __init__(self) -> None:
        self._progress: Progress = make_progress()
        self._tasks: dict[str, TaskID] = {}
        self._alone = threading.Lock()

    @hookimpl
    def statpipe_run_started(self, event: RunStarted) -> None:
        """Show the line."""
        with self._alone:
            self._progress.start()
        self._at(event.run_id, f"{event.source}: asking", None)

    @hookimpl
    def statpipe_vintage_found(self, event: VintageFound) -> None:
        """Show which vintage is fetched."""
        self._at(
            *(event.run_id, f"{event.dataset} {event.vintage.id}: fetching"), event.expected or None
        )

    @hookimpl
    def statpipe_payload_received(self, event: PayloadReceived) -> None:
        """Move the bar."""
        if event.run_id in self._tasks:
            self._progress.update(self._tasks[event.run_id], completed=event.number)

    @hookimpl
    def statpipe_check_finished(self, event: CheckFinished) -> None:
        """Show which dataset is checked."""
        self._at(event.run_id, f"{event.result.dataset} {event.result.vintage}: checking", None)

    @hookimpl
    def statpipe_partition_written(self, event: PartitionWritten) -> None:
        """Show what is written."""
        self._at(event.run_id, f"{event.receipt.sink}: writing {event.receipt.path}", None)

    @hookimpl
    def statpipe_run_finished(self, event: RunFinished) -> None:
        """Remove the line."""
        with self._alone:
            task = self._tasks.pop(event.manifest.run_id, None)
            if task is not None:
                self._progress.remove_task(task)
            if not self._tasks:
                self._progress.stop()

    def _at(self, run_id: str, text: str, total: int | None) -> None:
        text = shown(_cut(text, width(to_stderr=True) // 2), to_stderr=True)
        with self._alone:
            if run_id not in self._tasks:
                self._tasks[run_id] = self._progress.add_task(text, total=total)
            else:
                self._progress.reset(self._tasks[run_id], description=text, total=total)


def tell_briefly(manifests: Sequence[Manifest], places: Sequence[tuple[str, str]]) -> None:
    """
    Print for each run what it did, the largest revisions, what to look at, and what to do next.
    """
    room = width(to_stderr=True)
    lines = list(_each_told(manifests, places, room))
    if len(manifests) > 1 and len(lines) > MOST_LINES:
        lines = list(_counted(manifests, places, room))
    for text, style in lines:
        say(text, style=style, to_stderr=True)


def _each_told(
    manifests: Sequence[Manifest], places: Sequence[tuple[str, str]], room: int
) -> Iterator[Line]:
    for notice in dict.fromkeys(m.notice for m in manifests if m.notice):
        yield notice, "yellow"
    for manifest in manifests:
        yield from brief_lines(manifest, room, alone=len(manifests) == 1)
    yield from _places(manifests, places)
    for manifest in manifests:
        if manifest.message:
            yield _message(manifest), "" if manifest.exit_code == 0 else "red"


def _counted(
    manifests: Sequence[Manifest], places: Sequence[tuple[str, str]], room: int
) -> Iterator[Line]:
    """
    Yield lines about many runs: the number of each outcome, and the runs that need attention, worst
    first.
    """
    ended = Counter(manifest.outcome for manifest in manifests)
    counts = ", ".join(f"{number} {outcome}" for outcome, number in ended.most_common())
    well = all(manifest.exit_code == 0 for manifest in manifests)
    first: list[Line] = [
        (f"{len(manifests)} sources: {counts}", "bold green" if well else "bold red")
    ]
    notices = dict.fromkeys(m.notice for m in manifests if m.notice)
    if notices:
        more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
        first.insert(0, (f"{_cut(next(iter(notices)), room - len(more))}{more}", "yellow"))
    last = [(_cut(text, room), style) for text, style in _places(manifests, places)]
    told = sorted((m for m in manifests if _urgency(m)), key=_urgency, reverse=True)
    free = MOST_LINES - len(first) - len(last) - 2
    yield from first
    for manifest in told[:free]:
        yield _cut(f"  {_in_a_line(manifest)}", room), "" if _urgency(manifest) == 1 else "red"
    if len(told) > free:
        yield f"  and {len(told) - free} more such sources", ""
    yield from last
    yield in_environment("details: `statpipe runs list`", manifests[0].environment), ""


def _urgency(manifest: Manifest) -> int:
    """Return how urgently somebody must look at a run: not at all, later, or at once."""
    if manifest.exit_code:
        return 3
    if manifest.late or any(not one.passed for one in manifest.checks):
        return 2
    return int(manifest.outcome != "unchanged")


def _in_a_line(manifest: Manifest) -> str:
    if manifest.message:
        return f"{manifest.source}: {manifest.message} (exit {manifest.exit_code})"
    found = sum(not one.passed for one in manifest.checks)
    says = [manifest.calendar] if manifest.late else []
    says += [counted(found, "finding") + " of checks"] if found else []
    return "; ".join([_headline(manifest), *says])


def _places(manifests: Sequence[Manifest], places: Sequence[tuple[str, str]]) -> Iterator[Line]:
    if any(manifest.exit_code == 0 for manifest in manifests):
        for what, where in places:
            yield f"{what}: {where}", ""


def _message(manifest: Manifest) -> str:
    return f"statpipe: {manifest.source}: {manifest.message} (exit {manifest.exit_code})"


def brief_lines(manifest: Manifest, room: int, *, alone: bool = True) -> Iterator[Line]:
    """
    Yield the lines about one run, at most *room* wide. For several runs, yield fewer lines.
    """
    well = manifest.outcome in _WELL
    yield _cut(_headline(manifest), room), "bold green" if well else "bold red"
    if manifest.calendar and (alone or manifest.late):
        yield _cut(f"  {manifest.calendar}", room), "yellow" if manifest.late else ""
    revisions = [one.revision for one in manifest.vintages if one.revision is not None]
    if alone:
        for revision in revisions[-_RELEASES:]:
            yield _cut(f"  {_release(revision)}", room), ""
        if len(revisions) > _RELEASES:
            yield f"  and {counted(len(revisions) - _RELEASES, 'release')} before", ""
        for place, move in enumerate(_moves(revisions)):
            yield _cut(f"{'moved most: ' if place == 0 else ' ' * 12}{move}", room), ""
    found = [one for one in manifest.checks if not one.passed]
    for one in found[:_WARNINGS]:
        word = "accepted" if one.accepted else one.severity
        text = f"{word}: {one.check}, {one.dataset} {one.vintage}: {one.message}"
        yield _cut(text, room), "red" if one.refuses else "yellow"
    unjudged = dict.fromkeys(one.check for one in manifest.checks if not one.judged)
    rest = [f"not judged: {', '.join(unjudged)}"] if unjudged else []
    if len(found) > _WARNINGS:
        rest = [f"and {counted(len(found) - _WARNINGS, 'finding')} of checks", *rest]
    if rest:
        yield _cut("; ".join(rest), room), "yellow"
    if found or revisions or unjudged:
        more = f"details: `statpipe runs show {manifest.run_id}`"
        yield in_environment(more, manifest.environment), ""


def _headline(manifest: Manifest) -> str:
    seconds = (manifest.finished - manifest.started).total_seconds()
    loaded = [one for one in manifest.vintages if one.outcome == "loaded"]
    figures = sum(one.rows for one in loaded)
    what = f" {counted(len(loaded), 'release')}, {counted(figures, 'figure')}," if loaded else ""
    return f"{manifest.source}: {manifest.outcome}{what} in {seconds:.1f} s"


def _release(revision: Revision) -> str:
    name = f"{revision.dataset} {revision.vintage}"
    if not revision.since:
        return f"{name}: first release, {counted(revision.cells, 'figure')}"
    moved = revision.overall
    parts = [f"{revision.added:,} new", f"{revision.revised:,} of {moved.compared:,} revised"]
    if moved.median_percent is not None:
        parts[-1] += f" (median {percent(moved.median_percent)})"
    if revision.dropped:
        parts.append(f"{revision.dropped:,} gone")
    return f"{name}: {', '.join(parts)}"


def _moves(revisions: Sequence[Revision]) -> list[str]:
    every = [move for revision in revisions for move in revision.largest if move["percent"]]
    every.sort(key=lambda move: -abs(move["percent"]))
    return [
        f"{move['ref_area']} {move['category']} {move['time_period']}: {move['old']} to {move['new']} ({percent(move['percent'])})"
        for move in every[:_MOVES]
    ]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(room - 3, 0)]}..."
