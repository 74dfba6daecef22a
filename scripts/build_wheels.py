"""Build the wheel and the sdist of statpipe and of each plugin into dist/, which is emptied before.

.venv/bin/python scripts/build_wheels.py [FOLDER]

The build backend is the pinned one of this environment, so nothing is downloaded. The same commit makes
the same bytes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = (ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml")))


def main() -> int:
    """Build all of them, or stop at the first that fails."""
    into = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist").resolve()
    if into.exists():
        shutil.rmtree(into)
    into.mkdir(parents=True)
    for project in PROJECTS:
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(into)]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.stderr.write(f"{done.stderr}statpipe: {project} cannot be built, see above\n")
            return 1
    for file in sorted(into.iterdir()):
        print(f"{file.stat().st_size / 1e6:6.2f} MB  {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
