"""``statpipe backfill``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import structlog

from statpipe.cli.common_options import DataOptions
from statpipe.cli.manifests import manifest_document
from statpipe.cli.option_types import Flag, Name, Names, Places, Seconds, split
from statpipe.cli.report import RunReport
from statpipe.cli.run import repeated, tell_endings
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.terminal import log_to_stderr, make_progress
from statpipe.engine.runs.backfill import Step
from statpipe.engine.runs.backfill import backfill as run_backfill
from statpipe.engine.runs.run import worst
from statpipe.engine.stages.options import Options

if TYPE_CHECKING:
    from rich.progress import Progress

log = structlog.get_logger("statpipe")


def backfill(
    name: Name,
    *,
    from_archive: Places = (),
    tables: Names = (),
    wait: Seconds = 0.0,
    accept_revision: Flag = False,
    options: DataOptions | None = None,
) -> int:
    """
    Load older vintages of a source from an archive, release by release.

    Releases already loaded are skipped, so run it again after an interruption to complete it.

    Parameters
    ----------
    name
        Source, as `statpipe plugins list` shows it.
    from_archive
        Folders, files or URLs of the agency's older releases. Not needed if the agency's service
        keeps old releases itself.
    tables
        Only these datasets of the source, such as `A B` or `A,B`.
    wait
        Seconds to wait for another run of the same source.
    accept_revision
        Publish even if revisions exceed the plausibility limits.
    """
    options = options or DataOptions()
    wanted = Options(
        tables=split(tables),
        wait=wait,
        accept_revision=accept_revision,
        command="backfill",
        arguments=(
            *(("--from-archive",) if from_archive else ()),
            *from_archive,
            *repeated(options),
        ),
    )

    def work(session: Session) -> int:
        places = found_from_here(from_archive)
        session.registry.find("source", name)
        session.registry.observe(RunReport(bar=False))
        with (
            ReleaseBar(shown=options.log_format == "text") as bar,
            session.site() as site,
        ):
            manifests = run_backfill(site, name, places, wanted, tell=bar.begun)
            locations = [p for sink in site.sinks.values() for p in sink.locations().items()]
        if options.json:
            write_json([manifest_document(manifest) for manifest in manifests])
        if options.log_format == "text":
            tell_endings(manifests, locations)
        return worst([manifest.exit_code for manifest in manifests])

    return in_session(options, work)


def found_from_here(places: tuple[str, ...]) -> list[str]:
    """
    Return paths relative to the current folder as absolute paths, and URLs unchanged.
    """
    return [
        place
        if urlsplit(place).scheme in {"http", "https"}
        else str(Path.cwd() / Path(place).expanduser())
        for place in places
    ]


class ReleaseBar:
    """
    Shows how many releases are done: a log line for each, and a bar on a terminal.
    """

    def __init__(self, *, shown: bool) -> None:
        self._progress: Progress | None = None
        if shown and sys.stderr.isatty():
            self._progress = make_progress()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()
            log_to_stderr()

    def begun(self, step: Step) -> None:
        """
        Report that the run of a release begins.
        """
        text = f"release {step.number} of {step.of}"
        log.info(text, released=step.released.isoformat())
        if self._progress is None:
            return
        if not self._progress.tasks:
            self._progress.add_task(text, total=step.of)
            self._progress.start()
            log_to_stderr()
        for task in self._progress.task_ids:
            self._progress.update(task, description=text, completed=step.number - 1)
