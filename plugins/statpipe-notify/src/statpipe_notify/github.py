"""Tells GitHub Actions: a job summary, and annotations beside the run."""

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
    Writes where GitHub Actions says, and nothing elsewhere.
    """

    def __init__(
        self, settings: GithubSettings, variables: Mapping[str, str] | None = None
    ) -> None:
        self._settings = settings
        self._variables = os.environ if variables is None else variables

    @hookimpl
    def statpipe_run_finished(self, event: RunFinished) -> None:
        """Annotate first: that cannot fail."""
        if self._settings.annotations and self._variables.get("GITHUB_ACTIONS") == "true":
            for remark in remarks_on(event.manifest):
                # Standard output may be the manifest as JSON; the runner reads both.
                sys.stderr.write(f"{remark}\n")
            sys.stderr.flush()
        summary = self._variables.get("GITHUB_STEP_SUMMARY")
        if self._settings.summary and summary:
            _append(as_markdown(event.manifest), Path(summary))


def _append(text: str, path: Path) -> None:
    """Add to the summary of the step, to which earlier runs may have written."""
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
    """A table that ends within a row would be none."""
    return body[: body.rfind(b"\n") + 1]
