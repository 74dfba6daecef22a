"""``statpipe lake``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

import attrs

from statpipe.api import ConfigError, ContentError
from statpipe.cli.backfill import found_from_here
from statpipe.cli.common_options import DataOptions
from statpipe.cli.option_types import Flag, Name, Places, Seconds
from statpipe.cli.session import Session, in_session, tell_error, write_json
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import make_progress, say, shown
from statpipe.engine.runs.verify import Verified
from statpipe.engine.runs.verify import verify as verify_lake

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_ORDER = ("damaged", "repaired", "note")
_SHOWN_NOTES = 20


def verify(
    source: Name | None = None,
    *,
    repair: Flag = False,
    from_archive: Places = (),
    wait: Seconds = 0.0,
    options: DataOptions | None = None,
) -> int:
    """
    Compare everything in the lake with its manifests.

    Exit code 4 means that something is damaged or missing and was not repaired.

    Parameters
    ----------
    source
        Only this source.
    repair
        Restore what is damaged or missing: manifests from their copies, Bronze from the agency if
        it still offers the same bytes, Silver from Bronze, Gold from Silver.
    from_archive
        With --repair: folders, files or URLs of the agency's older releases, to restore Bronze
        from.
    wait
        With --repair: seconds to wait for a run of the same source.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        if from_archive and not repair:
            raise ConfigError("--from-archive only works with --repair")
        places = found_from_here(from_archive) if from_archive else ()
        with session.site() as site, ReadBar(visible=options.log_format == "text") as bar:
            found = verify_lake(
                site, source, repair=repair, places=places, wait=wait, tell=bar.moved
            )
        if options.json:
            write_json(attrs.asdict(found))
        else:
            _print(found, options.env)
        if found.damaged:
            tell_error(_advice(found, source, repair=repair), ContentError.exit_code, options)
            return ContentError.exit_code
        return 0

    return in_session(options, work)


class ReadBar:
    """
    How many objects have been read; on a terminal only.
    """

    def __init__(self, *, visible: bool) -> None:
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None
        if visible and sys.stderr.isatty():
            self._progress = make_progress()

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def moved(self, kind: str, done: int, of: int) -> None:
        """
        Move the bar of a kind of objects.
        """
        if self._progress is not None:
            if kind not in self._tasks:
                self._tasks[kind] = self._progress.add_task(shown(kind, to_stderr=True))
            self._progress.update(self._tasks[kind], completed=done, total=of)


def _print(found: Verified, environment: str) -> None:
    notes = [finding for finding in found.findings if finding.state == "note"]
    hidden = notes[_SHOWN_NOTES:]
    rows = [
        (finding.state, finding.path, finding.finding)
        for state in _ORDER
        for finding in found.findings
        if finding.state == state and finding not in hidden
    ]
    if hidden:
        rows.append(("note", f"and {len(hidden):,} more", "use --json to list all of them"))
    if rows:
        columns = ("state", "object", "finding")
        print_table(f"statpipe lake verify, environment {environment}", columns, rows)
    read = ", ".join(f"{number:,} of {kind}" for kind, number in found.counts.items())
    say(f"objects read: {read}", to_stderr=True)


def _advice(found: Verified, source: str | None, *, repair: bool) -> str:
    number = found.damaged
    objects = "1 object is" if number == 1 else f"{number:,} objects are"
    if repair:
        return f"{objects} still damaged or missing; the table says how to restore each"
    command = ["statpipe", "lake", "verify", *([source] if source else []), "--repair"]
    return f"{objects} damaged or missing; repair with `{' '.join(command)}`"
