"""Writes a job summary and annotations for GitHub Actions."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from statpipe.api import Notifier, RunFinished, hookimpl
from statpipe_notify.annotations import remarks_on
from statpipe_notify.markdown import as_markdown
from statpipe_notify.not_sent import NotSent
from statpipe_notify.settings import GithubSettings

SUMMARY_BYTES = 1024 * 1024
"""GitHub discards a longer summary of a step completely."""

CUT = "\n\n(cut here: GitHub accepts no more; the manifest has the rest)\n"


class Github(Notifier):
    """
    Writes to the files that GitHub Actions names. Elsewhere, it does nothing.
    """

    def __init__(
        self, settings: GithubSettings, variables: Mapping[str, str] | None = None
    ) -> None:
        self._settings = settings
        self._variables = os.environ if variables is None else variables

    @hookimpl
    def statpipe_run_finished(self, event: RunFinished) -> None:
        """Write annotations first, because that cannot fail."""
        if self._settings.annotations and self._variables.get("GITHUB_ACTIONS") == "true":
            for remark in remarks_on(event.manifest):
                # To stderr: standard output may be the manifest as JSON. The runner reads both.
                sys.stderr.write(f"{remark}\n")
            sys.stderr.flush()
        summary = self._variables.get("GITHUB_STEP_SUMMARY")
        if self._settings.summary and summary:
            _append(as_markdown(event.manifest), Path(summary))


def _append(text: str, path: Path) -> None:
    """Append to the summary of the step. Earlier runs may have written to it."""
    try:
        with path.open("ab") as file:
            room = SUMMARY_BYTES - file.tell()
            body, note = text.encode(), CUT.encode()
            if len(body) > room:
                body = _whole_lines(body[: max(0, room - len(note))]) + note
            if len(body) <= room:
                file.write(body)
    except OSError as error:
        msg = f"the job summary cannot be written: {error.strerror}; see the variable GITHUB_STEP_SUMMARY"
        raise NotSent(msg) from None


def _whole_lines(body: bytes) -> bytes:
    """Cut at the end of a line, because a table must not end within a row."""
    return body[: body.rfind(b"\n") + 1]
