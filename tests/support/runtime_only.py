"""An environment with the packages of requirements/runtime.txt alone, as after `make demo`, made of links."""

from __future__ import annotations

import re
import sys
import venv
from importlib.metadata import Distribution, distributions
from pathlib import Path

from support.strangers import OURS

ROOT = Path(__file__).parents[2]


def runtime_only(folder: Path) -> Path:
    """Make the environment *folder*, and return its ``bin``."""
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    wanted = {_plain(name) for name in re.findall(r"^([\w.-]+)==", _lock(), re.MULTILINE)}
    for one in distributions(path=[path for path in sys.path if path.endswith("site-packages")]):
        # pip came with Python.
        if _plain(one.name) in {*wanted, *OURS, "pip"}:
            link(one, site)
    for name, module in (("statpipe", "statpipe"), ("pip", "pip"), ("pytest", "pytest")):
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{folder}/bin/python" -m {module} "$@"\n')
        program.chmod(0o755)
    return folder / "bin"


def link(one: Distribution, site: Path) -> None:
    """Put a distribution that is installed here into another environment."""
    for top in {file.parts[0] for file in one.files or ()} - {"..", "__pycache__"}:
        place = site / top
        if not place.exists():
            place.symlink_to(Path(str(one.locate_file(top))))


def _lock() -> str:
    return (ROOT / "requirements" / "runtime.txt").read_text()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
