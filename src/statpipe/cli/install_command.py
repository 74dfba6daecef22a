"""The command that installs a plugin beside this statpipe, from its folder."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def program(name: str, *, absolute: bool = False) -> str:
    """
    Return the path of a program of this environment, such as python: relative to the current
    folder, or *absolute*.
    """
    path = Path(sys.executable).with_name(name)
    here = Path.cwd()
    near = path.is_relative_to(here) and not absolute
    return shlex.quote(str(path.relative_to(here) if near else path))


def install_command(folder: Path | str) -> str:
    """
    Return a command to paste.

    The build backend of this environment is used, so that nothing has to be downloaded for it.
    """
    return f"{program('python')} -m pip install --no-build-isolation -e {shlex.quote(str(folder))}"
