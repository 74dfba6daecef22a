"""``statpipe runs``."""

from __future__ import annotations

import json
import sys
from typing import Annotated

from cyclopts import Parameter

from statpipe.api import ConfigError, Lake
from statpipe.cli.common_options import DataOptions
from statpipe.cli.manifests import manifest_document
from statpipe.cli.report import print_receipts, print_summary
from statpipe.cli.revisions import as_markdown
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.engine.nearest import nearest
from statpipe.engine.records import manifest_of

_COLUMNS = ("run_id", "source", "command", "started", "seconds", "outcome", "exit_code", "message")


def list_runs(
    source: str | None = None, *, limit: int = 20, options: DataOptions | None = None
) -> int:
    """
    List the latest runs of an environment, newest first.

    Parameters
    ----------
    source
        Just this source's.
    limit
        How many.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        with session.site() as site:
            newest = list(site.lake.run_ids(source))[::-1][:limit]
            manifests = [manifest_of(site.lake, *run) for run in newest]
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
            print_table(f"Runs in {options.env}", _COLUMNS, rows, right=("seconds", "exit_code"))
        return 0

    return in_session(options, work)


def show_run(
    run_id: str = "latest",
    *,
    markdown: Annotated[bool, Parameter(negative="")] = False,
    options: DataOptions | None = None,
) -> int:
    """
    Show the manifest of a run: vintages, checks, Bronze objects, what was written.

    Parameters
    ----------
    run_id
        Its id, or the beginning of it, or `latest`.
    markdown
        Write the report on what its releases changed to standard output, as Markdown.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        with session.site() as site:
            manifest = manifest_of(site.lake, *_found(site.lake, run_id))
        if markdown:
            sys.stdout.write(as_markdown(manifest))
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
        print(json.dumps(shown, indent=1, ensure_ascii=False))  # noqa: T201 - the command's answer
        return 0

    return in_session(options, work)


def _found(lake: Lake, wanted: str) -> tuple[str, str]:
    runs = list(lake.run_ids())
    if wanted == "latest" and runs:
        return runs[-1]
    matching = [run for run in runs if run[1].startswith(wanted)]
    if len(matching) != 1:
        ids = [run[1] for run in runs]
        what = "no run" if not matching else f"{len(matching)} runs"
        raise ConfigError(
            f"{what} with an id that begins with {wanted!r}{nearest(wanted, ids[-5:])}"
        )
    return matching[0]
