"""Speed and memory on BEA's four full tables (1997-2021): ratios in one run, since machines differ.

    make benchmark

Each figure is the best of several repetitions in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MEASURES = (
    "normalize.py",
    "load_postgres.py",
    "ask_postgres.py",
    "unchanged.py",
    "history.py",
)


def main() -> None:
    """Run every measure in a fresh process and print what it found."""
    for name in MEASURES:
        with tempfile.TemporaryDirectory(prefix="statpipe-benchmark-") as folder:
            done = subprocess.run(
                [sys.executable, str(HERE / name)],
                cwd=folder,
                env={**os.environ, "BEA_API_KEY": ""},
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr}")
        print(f"\n{name}")
        for line in json.loads(done.stdout.splitlines()[-1]):
            verdict = {True: "ok", False: "MISSED", None: ""}[line.get("met")]
            print(f"  {line['what']:<66} {line['value']:>12}  {line.get('goal', ''):<28} {verdict}")


if __name__ == "__main__":
    main()
