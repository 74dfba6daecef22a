"""
A command in a process of its own, without the half second that imports take.

A server that has imported what commands need, and done nothing, forks a process for each. What an
interpreter reads from its environment when it starts cannot be given to such a process: then a new one is started.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.patience import PATIENCE

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
    command = [sys.executable, "-m", "statpipe", *arguments]
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
            target=_become_statpipe,
            args=(list(arguments), str(folder), dict(environment), str(out), str(err)),
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
    return {k: v for k, v in environment.items() if k.startswith(_READ_AT_THE_START)}


def _become_statpipe(
    arguments: list[str], folder: str, environment: dict[str, str], out: str, err: str
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for number, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["statpipe", *arguments]
    try:
        runpy.run_module("statpipe", run_name="__main__", alter_sys=True)
    finally:
        with contextlib.suppress(Exception):
            atexit._run_exitfuncs()  # multiprocessing leaves them out
