"""The output of a run for operators: log lines for events, and a progress bar."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import structlog

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
from statpipe.cli.revisions import print_revisions, unjudged
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import log_to_stderr, make_progress, say, shown

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

log = structlog.get_logger("statpipe")

_LEVELS = {"loaded": "info", "unchanged": "info", "ingested": "info"}


class RunReport:
    """
    An observer like any other. It shows one bar for each active run, on a terminal only.
    """

    def __init__(self, *, bar: bool) -> None:
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._alone = threading.Lock()
        if bar and sys.stderr.isatty():
            self._progress = make_progress()

    @hookimpl
    def statpipe_run_started(self, event: RunStarted) -> None:
        """Log the notice that readers of the figures must know first."""
        if event.notice:
            log.warning(event.notice)
        log.info("run started", of=event.source, environment=event.environment)

    @hookimpl
    def statpipe_vintage_found(self, event: VintageFound) -> None:
        """Log what is done with a vintage, and why."""
        log.info(
            "vintage",
            dataset=event.dataset,
            vintage=event.vintage.id,
            action=event.action,
            reason=event.reason,
            requests=event.expected or None,
        )
        self._stop_bar(event.run_id)
        if self._progress is not None and event.expected:
            with self._alone:
                if not self._tasks:
                    self._progress.start()
                    log_to_stderr()
                self._tasks[event.run_id] = self._progress.add_task(
                    shown(f"{event.dataset} {event.vintage.id}", to_stderr=True),
                    total=event.expected,
                )

    @hookimpl
    def statpipe_payload_received(self, event: PayloadReceived) -> None:
        """Move the bar."""
        log.debug("payload", dataset=event.dataset, name=event.name, bytes=event.size)
        if self._progress is not None and event.run_id in self._tasks:
            self._progress.update(self._tasks[event.run_id], completed=event.number)
            if event.number == event.expected:
                self._stop_bar(event.run_id)

    @hookimpl
    def statpipe_check_finished(self, event: CheckFinished) -> None:
        """Log failures with their cells."""
        result = event.result
        if result.passed:
            log.debug(
                "check passed" if result.judged else "check not applied",
                check=result.check,
                dataset=result.dataset,
                why=None if result.judged else result.message,
            )
            return
        tell = log.error if result.refuses else log.warning
        tell(result.headline, message=result.message, next_step=result.next_step or None)

    @hookimpl
    def statpipe_partition_written(self, event: PartitionWritten) -> None:
        """Log what a sink wrote."""
        receipt = event.receipt
        log.info(
            "written",
            sink=receipt.sink,
            path=receipt.path,
            rows=receipt.rows or None,  # a view has no rows of its own
            inserted=receipt.inserted or None,
            updated=receipt.updated or None,
            deleted=receipt.deleted or None,
        )

    @hookimpl
    def statpipe_run_finished(self, event: RunFinished) -> None:
        """Log how the run ended."""
        manifest = event.manifest
        self._stop_bar(manifest.run_id)
        seconds = (manifest.finished - manifest.started).total_seconds()
        tell = getattr(log, _LEVELS.get(manifest.outcome, "error"))
        tell(
            f"run {manifest.outcome}",
            run=manifest.run_id,
            exit_code=manifest.exit_code,
            seconds=round(seconds, 1),
            message=manifest.message or None,
        )

    def _stop_bar(self, run_id: str) -> None:
        if self._progress is None:
            return
        with self._alone:
            if run_id not in self._tasks:
                return
            self._progress.remove_task(self._tasks.pop(run_id))
            if not self._tasks:
                self._progress.stop()
                log_to_stderr()


def print_summary(manifest: Manifest) -> None:
    """
    Print what a run did with each vintage, and the cells that its checks found.
    """
    if manifest.vintages:
        say(to_stderr=True)
        print_table(
            f"{manifest.source} in {manifest.environment}: {manifest.outcome}",
            ("dataset", "vintage", "outcome", "rows", "why"),
            [
                (v.dataset, v.vintage, v.outcome, f"{v.rows:,}" if v.rows else "", v.reason)
                for v in manifest.vintages
            ],
            to_stderr=True,
            right=("rows",),
        )
    print_revisions(manifest)
    for line in unjudged(manifest):
        say(line, to_stderr=True)
    for result in manifest.checks:
        if result.passed or not result.cells:
            continue
        columns = list(dict.fromkeys(name for cell in result.cells for name in cell))
        severity = "accepted" if result.accepted else result.severity
        say(to_stderr=True)
        print_table(
            f"{severity}: {result.check} on {result.dataset} {result.vintage}, "
            f"{len(result.cells)} of {result.failures:,} cells",
            columns,
            [[cell.get(name) for name in columns] for cell in result.cells],
            to_stderr=True,
        )


def print_receipts(manifest: Manifest) -> None:
    """
    Print what every sink received, and how much of it had to be written.
    """
    columns = ("sink", "path", "rows", "inserted", "updated", "deleted", "WAL bytes")
    receipts = [
        (r.sink, r.path, r.rows, r.inserted, r.updated, r.deleted, r.wal_bytes)
        for r in manifest.receipts
    ]
    if receipts:
        say(to_stderr=True)
        print_table("Written", columns, receipts, to_stderr=True, right=columns[2:])
