"""Render every Mermaid diagram of README and docs/; one that does not render is an error.

.venv/bin/python scripts/diagrams.py               # render them
.venv/bin/python scripts/diagrams.py --copy FILE   # put the library that draws them there
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from node_tools import NODE, ROOT, installed


def main(words: list[str]) -> int:
    """Copy the library, or hand all pages to the renderer in one call, since it takes a second to start."""
    library = installed("mermaid")
    if words[:1] == ["--copy"]:
        shutil.copy(library / "mermaid" / "dist" / "mermaid.min.js", words[1])
        return 0
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    renderer = Path(__file__).with_suffix(".mjs")
    command = [NODE, renderer, library, *(page.relative_to(ROOT) for page in pages)]
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
