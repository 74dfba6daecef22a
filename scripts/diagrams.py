"""Render every Mermaid diagram of README and docs/; one that does not render is an error.

.venv/bin/python scripts/diagrams.py               # render them
.venv/bin/python scripts/diagrams.py --into SITE   # bring the library that draws them into a built site
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from node_tools import NODE, ROOT, installed

SCRIPT = "assets/mermaid.min.js"


def main(words: list[str]) -> int:
    """Copy the library, or hand all pages to the renderer in one call, since it takes a second to start."""
    library = installed("mermaid")
    if words[:1] == ["--into"]:
        bring(library / "mermaid" / "dist" / "mermaid.min.js", Path(words[1]))
        return 0
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    renderer = Path(__file__).with_suffix(".mjs")
    command = [NODE, renderer, library, *(page.relative_to(ROOT) for page in pages)]
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode


def bring(library: Path, site: Path) -> None:
    """
    Copy *library* into *site*, and load it in the pages with a diagram.

    The theme would load it from another server. It weighs 5 MB, so the other pages do without.
    """
    shutil.copy(library, site / SCRIPT)
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        if 'class="mermaid"' in text:
            way = "../" * len(page.relative_to(site).parent.parts)
            before = text.index("<script src=")
            ours = f'<script src="{way}{SCRIPT}"></script>'
            page.write_text(f"{text[:before]}{ours}{text[before:]}", "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
