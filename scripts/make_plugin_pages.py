"""Write what `statpipe plugins new` generates into its pages: a block with the title of a file shows it.

python scripts/make_plugin_pages.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from statpipe.cli.plugin_template import Role, plugin_files

DOCS = Path(__file__).resolve().parent.parent / "docs"
CHANGED = {"src/statpipe_harbour/tables.py"}
"""The reader changes it, so the tutorial shows what comes of it."""
COMMAND = re.compile(r"statpipe plugins new (?P<name>\w+)(?: --role (?P<role>\w+))?")
BLOCK = re.compile(r'(?P<head>```python title="(?P<title>[^"]+)"\n)(?P<text>.*?)```', re.DOTALL)


def main() -> None:
    """Write the pages."""
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")


def pages() -> dict[Path, str]:
    """
    Return the pages as they should be.
    """
    found = [DOCS / "tutorial.md", *sorted(DOCS.glob("write-a-*.md"))]
    return {page: _filled(page.read_text(encoding="utf-8")) for page in found}


def _filled(text: str) -> str:
    asked = COMMAND.search(text)
    assert asked, "each page names the command that writes its example"
    generated = plugin_files(asked["name"], cast("Role", asked["role"] or "source"))

    def block(found: re.Match[str]) -> str:
        text = found["text"] if found["title"] in CHANGED else generated.get(found["title"])
        return f"{found['head']}{text or found['text']}```"

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    main()
