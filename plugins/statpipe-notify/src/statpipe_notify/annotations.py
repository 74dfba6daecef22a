"""A run as annotations in GitHub Actions: output lines that its runner reads as commands.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from attrs import frozen

from statpipe.api import Manifest
from statpipe.domain.visible import one_line
from statpipe_notify.ending import failed_checks, headline, verdict

MOST = 10
"""GitHub shows about this many per step."""

_SHOWN_CELLS = 3


@frozen(kw_only=True)
class Annotation:
    """
    A remark that GitHub shows on the page of the run.
    """

    level: Literal["error", "warning"]
    title: str
    text: str

    def __str__(self) -> str:
        title = _escaped(one_line(self.title)).replace(":", "%3A").replace(",", "%2C")
        return f"::{self.level} title={title}::{_escaped(self.text)}"


def remarks_on(manifest: Manifest) -> list[Annotation]:
    """
    Return the remarks on a run, errors first. If there are more than ten, the last one counts the
    rest.
    """
    found = sorted(_remarks(manifest), key=lambda remark: remark.level)
    if len(found) <= MOST:
        return found
    shown, rest = found[: MOST - 1], found[MOST - 1 :]
    more = Annotation(
        level=rest[0].level,
        title=headline(manifest),
        text=f"and {len(rest)} more; the job summary and the manifest contain all of them",
    )
    return [*shown, more]


def _remarks(manifest: Manifest) -> Iterator[Annotation]:
    if manifest.outcome in {"failed", "interrupted"}:
        title = f"{headline(manifest)} (exit {manifest.exit_code})"
        yield Annotation(level="error", title=title, text=one_line(manifest.message))
    if manifest.late:
        title, text = headline(manifest), one_line(manifest.calendar)
        yield Annotation(level="warning", title=title, text=text)
    for result in failed_checks(manifest):
        cells = (
            ", ".join(f"{one_line(name)} {one_line(value)}" for name, value in cell.items())
            for cell in result.cells[:_SHOWN_CELLS]
        )
        yield Annotation(
            level="error" if result.refuses else "warning",
            title=verdict(result),
            text="\n".join((one_line(result.in_words), *cells)),
        )


def _escaped(text: str) -> str:
    """Escape characters that would end or split a command; the runner unescapes them."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
