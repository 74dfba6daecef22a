"""
Refuse files that git neither tracks nor ignores, and tracked ones that have changed.

    python3 scripts/left_behind.py                        # in a fresh clone
    python3 scripts/left_behind.py COMMAND [ARGUMENT...]  # what this command leaves behind
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(command: list[str]) -> int:
    """Run the command, if there is one, and compare what git says before and after it."""
    before = seen() if command else []
    # Descriptors stay open: make hands its job slots on through them.
    code = subprocess.run(command, check=False, close_fds=False).returncode if command else 0
    left = [line for line in seen() if line not in before]
    if left:
        said = "\n  ".join(left)
        sys.stderr.write(
            f"statpipe: these files were left behind, or changed:\n  {said}\n"
            "write them below a temporary folder, or name them in .gitignore\n"
        )
    return code or bool(left)


def seen() -> list[str]:
    """Return a line for each file that git finds changed or does not know."""
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.stderr.write("statpipe: without git, nobody can say what is left behind\n")
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
