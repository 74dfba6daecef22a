"""
What a whole process costs: time, CPU time with its children's, and the most memory that it held.

A process is never seen to hold less than the one that started it, so a small one in between starts it: this
file, run as a script. It imports nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 1800
"""Seconds after which a process is ended."""

SAID = 3000
"""Characters of what a process that failed said last."""


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and CPU time, and bytes of memory."""

    wall: float
    cpu: float
    peak: int


def spent(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Cost:
    """
    Run a command in a folder and return what it cost.

    :raises RuntimeError: The command failed; the text is what it wrote.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-S", __file__, *command],
        cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = (done.stdout + done.stderr)[-SAID:]
        raise RuntimeError(f"{' '.join(command[:4])} ended with {done.returncode}\n{said}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def main(command: Sequence[str]) -> int:
    """Run the command; write what it cost after what it said."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    watch = threading.Timer(PATIENCE, process.kill)
    watch.start()
    # Other than `wait`, this also tells what the process and its children have used.
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    watch.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    cost = {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * unit}
    sys.stdout.write(f"\n{json.dumps(cost)}\n")
    return abs(process.returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
