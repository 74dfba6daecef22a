"""Make ``.venv`` with the pinned dependencies and all plugins, once.

    python3 scripts/bootstrap.py runtime|dev

Needs Python 3.11+ and nothing else. Does nothing where the environment is up to date. Two calls at
once wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PROJECTS = (".", *(f"plugins/{folder.name}" for folder in sorted((ROOT / "plugins").iterdir())))


def main() -> None:
    """Bring the environment up to date."""
    if sys.version_info < (3, 11):  # noqa: UP036 - told, not crashed, on an older one
        sys.exit(f"statpipe needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    (wanted,) = sys.argv[1:]
    with _alone():
        stamp = VENV / f"made-{_state(wanted)}"
        if stamp.exists():
            return
        if not _is_whole():
            shutil.rmtree(VENV, ignore_errors=True)
            print("statpipe: making .venv", flush=True)
            venv.create(VENV, with_pip=True)
        print(f"statpipe: installing requirements/{wanted}.txt and the plugins", flush=True)
        # The file names everything that is needed: nothing is resolved, so no later release can matter.
        _pip("install", "--no-deps", "--require-hashes", "-r", f"requirements/{wanted}.txt")
        # The plugins name each other nowhere and their dependencies are there already.
        editable = [argument for project in PROJECTS for argument in ("-e", project)]
        _pip("install", "--no-deps", "--no-build-isolation", *editable)
        stamp.touch()


def _pip(*arguments: str) -> None:
    command = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q"]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    if subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=False).returncode:
        sys.exit("statpipe: pip failed, see above; run the same command again")


def _is_whole() -> bool:
    """An interrupted or moved environment is made anew."""
    python = VENV / "bin" / "python"
    if not python.exists():
        return False
    check = "import pip, sys; print(sys.prefix)"
    asked = subprocess.run([str(python), "-c", check], capture_output=True, text=True, check=False)
    return asked.returncode == 0 and Path(asked.stdout.strip()).resolve() == VENV.resolve()


def _state(wanted: str) -> str:
    """Name the environment by all that it is made from; one for tests serves the demo as well."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT} {wanted}".encode())
    for path in (f"requirements/{wanted}.txt", *(f"{p}/pyproject.toml" for p in PROJECTS)):
        digest.update((ROOT / path).read_bytes())
    return f"{wanted}-{digest.hexdigest()[:16]}"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (ROOT / ".bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main()
