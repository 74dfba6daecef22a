"""``statpipe runs``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from itertools import islice
from typing import Annotated

from cyclopts import Parameter

from statpipe.api import ConfigError, ContentError, Lake
from statpipe.cli.common_options import DataOptions
from statpipe.cli.manifests import manifest_document
from statpipe.cli.option_types import Count, Flag, Name
from statpipe.cli.report import print_receipts, print_summary
from statpipe.cli.revisions import as_markdown
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import answer
from statpipe.domain.nearest import nearest
from statpipe.engine.record.records import manifest_of

Any_ = Annotated[bool, Parameter(name="--any", negative="")]
_COLUMNS = ("run_id", "source", "command", "started", "seconds", "outcome", "exit_code", "message")
_LESS = ("source", "message", "started", "command", "seconds", "exit_code")


def list_runs(
    source: Name | None = None,
    *,
    failed: Flag = False,
    since: str | None = None,
    limit: Count = 20,
    options: DataOptions | None = None,
) -> int:
    """
    List the latest runs of an environment, newest first.

    Parameters
    ----------
    source
        Only runs of this source.
    failed
        Only runs that were refused, failed or interrupted.
    since
        Only runs since this day (UTC), such as `2026-01-31`.
    limit
        How many runs to list.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        first = _first_id(since)
        with session.lake() as site:
            if source is not None:
                _refuse_unknown(source, session, site.lake)
            runs = [run for run in reversed(site.lake.run_ids(source)) if run[1] >= first]
            every = (manifest_of(site.lake, *run) for run in runs)
            chosen = (one for one in every if one.exit_code or not failed)
            manifests = list(islice(chosen, limit))
        rows = [
            (
                m.run_id,
                m.source,
                m.command,
                m.started.isoformat(timespec="seconds"),
                round((m.finished - m.started).total_seconds(), 1),
                m.outcome,
                m.exit_code,
                m.message,
            )
            for m in manifests
        ]
        if options.json:
            write_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
        else:
            minutes = [(*row[:3], f"{one.started:%Y-%m-%d %H:%M}", *row[4:]) for row, one in zip(rows, manifests, strict=True)]  # fmt: skip
            print_table(
                f"Runs in {options.env}",
                _COLUMNS,
                minutes,
                right=("seconds", "exit_code"),
                less=_LESS,
                whole=("run_id",),
            )
        return 0

    return in_session(options, work)


def show_run(
    run_id: Name = "latest",
    *,
    any_: Any_ = False,
    markdown: Flag = False,
    options: DataOptions | None = None,
) -> int:
    """
    Show the manifest of a run: vintages, checks, Bronze objects, what was written.

    Parameters
    ----------
    run_id
        The run's id, the beginning of it, or `latest`: the last run that found something new.
    any_
        Let `latest` be the last run even if it found nothing new.
    markdown
        Print the report on what its releases changed as Markdown.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        if markdown and options.json:
            raise ConfigError("--markdown and --json exclude each other; use one of them")
        with session.lake() as site:
            manifest = manifest_of(site.lake, *found_run(site.lake, run_id, any_run=any_))
        if markdown:
            answer(as_markdown(manifest))
            return 0
        document = manifest_document(manifest)
        if options.json:
            write_json(document)
            return 0
        print_summary(manifest)
        print_receipts(manifest)
        shown = {
            k: v
            for k, v in document.items()
            if k not in {"holds", "vintages", "checks", "receipts"}
        }
        write_json(shown)
        return 0

    return in_session(options, work)


def found_run(lake: Lake, wanted: str, *, any_run: bool = False) -> tuple[str, str]:
    """
    Return the source and id of a run that is given by its id, the beginning of its id, or
    ``latest``.

    The latest run is the last one that found something new. With *any_run*, or if there is none, it
    is the last of all runs.

    :raises ConfigError: No run matches, or several do.
    """
    runs = list(lake.run_ids())
    if wanted == "latest":
        if not runs:
            raise ConfigError("no runs are recorded yet; start one with `statpipe run SOURCE`")
        return runs[-1] if any_run else next(_telling(lake, runs), runs[-1])
    matching = [run for run in runs if run[1].startswith(wanted)]
    if len(matching) != 1:
        ids = [run[1] for run in runs]
        what = "no run" if not matching else f"{len(matching)} runs"
        raise ConfigError(
            f"{what} with an id that begins with {wanted!r}{nearest(wanted, ids[-5:])}"
        )
    return matching[0]


def _telling(lake: Lake, runs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the runs with any result, newest first."""
    for run in reversed(runs):
        with suppress(ContentError):  # a damaged manifest has no information
            if manifest_of(lake, *run).outcome != "unchanged":
                yield run


def _first_id(since: str | None) -> str:
    """Return the smallest possible id of a run on this day: ids begin with the time."""
    if since is None:
        return ""
    try:
        return f"{date.fromisoformat(since):%Y%m%d}"
    except ValueError:
        msg = f"--since {since!r} is not a date; write year-month-day, such as 2026-01-31"
        raise ConfigError(msg) from None


def _refuse_unknown(source: str, session: Session, lake: Lake) -> None:
    """Refuse an unknown source. Sources that are no longer installed may have runs."""
    known = {*session.registry.named("source"), *(name for name, _ in lake.run_ids())}
    if source not in known:
        raise ConfigError(f"no source is named {source!r}{nearest(source, known)}")
