"""Render every Mermaid diagram of README and docs/; one that does not render is an error.

.venv/bin/python scripts/diagrams.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from node_tools import NODE, ROOT, installed


def main() -> int:
    """Hand all pages to the renderer in one call, since it takes a second to start."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    renderer = Path(__file__).with_suffix(".mjs")
    words = [NODE, renderer, installed("mermaid"), *(page.relative_to(ROOT) for page in pages)]
    return subprocess.run([str(word) for word in words], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
