"""Another commit of this repository, so that a benchmark can run it beside the present one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def checkout(revision: str, folder: Path) -> Iterator[str]:
    """
    Lay a commit into a folder, for a while. Return the ``PYTHONPATH`` under which its code is imported.

    It runs with what is installed now.
    """
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), revision], check=True)
    try:
        yield os.pathsep.join(map(str, [folder / "src", *sorted(folder.glob("plugins/*/src"))]))
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)
