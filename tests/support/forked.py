"""
A command in a process of its own, without the half second that imports take.

A server that has imported what commands need, and done nothing, forks a process for each. It looks for
modules where a new interpreter would. Other variables that an interpreter reads when it starts come too late
for it: for those, a new interpreter is started.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import json
import multiprocessing
import os
import runpy
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.patience import PATIENCE
from support.strangers import hide_strangers

_PRELOADED = [
    __name__,
    "boto3",
    "duckdb",
    "httpx",
    "psycopg",
    "pyarrow.compute",
    "pyarrow.parquet",
    "rich.table",
    *(
        f"statpipe.cli.{name}"
        for name in [
            "app",
            "db",
            "doctor",
            "explain",
            "lake",
            "plan",
            "plugins",
            "run",
            "runs",
            "series",
            "show",
        ]
    ),
    *(
        f"statpipe_{name}.plugin"
        for name in ["bea", "bls", "checks", "lake", "notify", "postgres", "sdmx"]
    ),
    # What nearly every run needs next.
    "isal.igzip",
    "statpipe_bea.normalizer",
    "statpipe_bea.source",
    "statpipe_lake.sink",
    "statpipe_postgres.sink",
]
_READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC", "ARROW_", "TZ")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(_PRELOADED)


def run_statpipe(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """
    Run ``python -m statpipe`` with these arguments in a folder; return its code, and what it said.
    """
    return run_python(["-m", "statpipe", *arguments], folder, environment)


def run_python(
    words: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """
    Run ``python`` with the path of a script, or with ``-m`` and a module, and with arguments.
    """
    command = [sys.executable, *words]
    if _at_the_start(environment) != _at_the_start(os.environ):
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    with tempfile.TemporaryDirectory() as said:
        out, err = Path(said, "out"), Path(said, "err")
        process = _context.Process(
            target=_become,
            args=(list(words), str(folder), dict(environment), _own_path(), said),
        )
        process.start()
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(command, PATIENCE, out.read_bytes(), err.read_bytes())
        return subprocess.CompletedProcess(
            command, process.exitcode, out.read_text(), err.read_text()
        )


def _at_the_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_READ_AT_THE_START) and name != "PYTHONPATH"
    }


@functools.cache
def _own_path() -> list[str]:
    """Where an interpreter of this environment looks for modules after ``PYTHONPATH``."""
    asked = [sys.executable, "-I", "-c", "import json, sys; print(json.dumps(sys.path))"]
    path = json.loads(subprocess.check_output(asked, timeout=PATIENCE))
    assert isinstance(path, list)
    return path


def _look_for_modules(first: Path, own: list[str], asked: str) -> None:
    """Do what an interpreter does at its start: look here *first*, then in a ``PYTHONPATH``."""
    given = [str(Path(entry).absolute()) for entry in asked.split(os.pathsep)] if asked else []
    sys.path[:] = [str(first), *given, *own]
    importlib.invalidate_caches()
    if any(Path(entry, "sitecustomize.py").exists() for entry in given):
        sys.modules.pop("sitecustomize", None)
        site.execsitecustomize()


def _become(
    words: list[str],
    folder: str,
    environment: dict[str, str],
    own_path: list[str],
    said: str,
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for number, name in ((1, "out"), (2, "err")):
        opened = os.open(Path(said, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    module = words[1] if words[0] == "-m" else None
    first = Path.cwd() if module else Path(words[0]).resolve().parent
    _look_for_modules(first, own_path, environment.get("PYTHONPATH", ""))
    hide_strangers()
    sys.argv = words[1:] if module else words
    try:
        if module:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(words[0], run_name="__main__")
    finally:
        with contextlib.suppress(Exception):
            atexit._run_exitfuncs()  # multiprocessing leaves them out
