"""``statpipe init``: a folder for a project that loads figures with statpipe, outside its repository."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

from statpipe.api import ConfigError
from statpipe.cli.common_options import CommonOptions
from statpipe.cli.install_command import program
from statpipe.cli.session import Session, in_session
from statpipe.cli.terminal import say
from statpipe.engine.site.host_bound import HOST
from statpipe.engine.site.registry import Registry

_FILES = {
    "statpipe.toml": "statpipe.toml",
    "env.example": ".env.example",
    "gitignore": ".gitignore",
    "requirements.txt": "requirements.txt",
    "ingest.yml": ".github/workflows/ingest.yml",
    "README.md": "README.md",
}
"""The files in the folder ``project`` of this package, and where they go."""
_EXTRAS = ("aws", "embedded")
"""The extras that a new project needs: embedded PostgreSQL for ``local``, AWS for the others."""


def init(folder: Path = Path(), *, options: CommonOptions | None = None) -> int:
    """
    Create a project folder with configuration, workflow and README.

    If one of the files exists already, nothing is written.

    Parameters
    ----------
    folder
        The folder, which may exist; default: the current one.
    """

    def work(session: Session) -> int:
        _write(folder, {_FILES[name]: text for name, text in _texts(folder, session.registry)})
        for line in _next_steps(folder).split("\n"):
            say(line)
        return 0

    return in_session(options or CommonOptions(), work)


def _texts(folder: Path, registry: Registry) -> Iterator[tuple[str, str]]:
    answers = {
        "title": folder.resolve().name or "statistics",
        "wheels": "\n".join(_wheels(registry)),
    }
    for name in _FILES:
        text = (files("statpipe.cli") / "project" / name).read_text(encoding="utf-8")
        # Braces after a dollar sign are GitHub's.
        yield name, re.sub(r"(?<!\$){{ (\w+) }}", lambda found: answers[found[1]], text)


def _wheels(registry: Registry) -> Iterator[str]:
    """Return the wheels of statpipe and of each distribution with working plugins here."""
    for name in (HOST, *sorted(registry.versions())):
        found = distribution(name)
        provided = found.metadata.get_all("Provides-Extra") or []
        extras = ",".join(extra for extra in _EXTRAS if extra in provided)
        file = f"{re.sub(r'[-_.]+', '_', name).lower()}-{found.version}-py3-none-any.whl"
        yield f"./wheels/{file}{f'[{extras}]' if extras else ''}"


def _write(folder: Path, texts: dict[str, str]) -> None:
    """
    Write the files, or none of them.

    :raises ConfigError: One of them exists already, or the folder cannot be written.
    """
    there = [name for name in texts if (folder / name).exists()]
    if there:
        msg = (
            f"{folder.resolve()} has {', '.join(there)} already; nothing was written. Name "
            "another folder, or move these files"
        )
        raise ConfigError(msg)
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        for name in texts:  # otherwise the next try would find existing files
            with suppress(OSError):
                (folder / name).unlink()
        msg = f"{folder.resolve()} cannot be written ({error.strerror}); name another folder"
        raise ConfigError(msg) from None


def _next_steps(folder: Path) -> str:
    enter = "" if folder == Path() else f"  cd {shlex.quote(str(folder))}\n"
    # A relative path would not be valid in the new folder.
    statpipe = program("statpipe") if folder == Path() else program("statpipe", absolute=True)
    return f"""\
{folder.resolve()} is ready. Next:

{enter}  {statpipe} run bea_pce_state     # the bundled sample: no key, no server, no account
  {statpipe} show pce_state --area CA --category SAPCE1:1

README.md explains how to run it every day."""
