"""
Parts of the work on their own, each in a process of its own: rows a second, ratios, memory.

Each script prints a list of lines as JSON: ``what``, ``value``, maybe ``goal`` and whether it is ``met``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = ("normalize", "load_postgres", "ask_postgres", "unchanged", "look", "history")
PATIENCE = 900


def stages() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Run one script after the other; return its name and its lines."""
    for name in SCRIPTS:
        with tempfile.TemporaryDirectory(prefix="statpipe-benchmark-") as folder:
            done = subprocess.run(
                [sys.executable, str(HERE / f"{name}.py")],
                cwd=folder,
                env={**os.environ, "BEA_API_KEY": ""},
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{name}.py failed:\n{done.stderr}")
        yield name, json.loads(done.stdout.splitlines()[-1])


def line_of(line: dict[str, object]) -> str:
    """Return a line for people."""
    verdict = {True: "ok", False: "MISSED", None: ""}[line.get("met")]
    return f"{line['what']:<66} {line['value']:>12}  {line.get('goal', ''):<28} {verdict}"
