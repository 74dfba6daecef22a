"""
Refuse phrases that make a reader stop, and prose that is wider than a page.

    python scripts/plain_english.py          # everything that git tracks
    python scripts/plain_english.py FILE...

``plain_english.toml`` lists the phrases, each with the better wording.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
READ = ("*.md", "*.py", "*.toml", "*.sql", "*.yml", "*.txt", "Makefile")
GAP = r"""(?:\s|\#|--|f?["'])+"""
"""A phrase goes on in the next line, in a comment or in a string of several pieces."""
PHRASES = [
    (re.compile(rule["refused"].replace(" ", GAP), re.IGNORECASE | re.MULTILINE), rule["better"])
    for rule in RULES["phrase"]
]
NOT_PROSE = re.compile(r"\s*(\||#|<|!\[|\[[^\]]+\]:)")
"""How a line begins that cannot be wrapped: a table, a heading, HTML, a picture, an address."""
UNBREAKABLE = re.compile(r"(?:`[^`]*`|\S)+")


def main(named: list[str]) -> int:
    """Print what is refused, a line for each; return 1 if there is anything."""
    found = [line for file in named or tracked() for line in problems(file)]
    print("\n".join(found), end="\n" if found else "")
    return bool(found)


def tracked() -> list[str]:
    """List the files that people read."""
    command = ["git", "ls-files", "--", *READ, *(f":!{path}" for path in RULES["not_read"])]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def problems(file: str) -> Iterator[str]:
    """Find what is refused in one file."""
    text = (ROOT / file).read_text(encoding="utf-8")
    for pattern, better in PHRASES:
        for hit in pattern.finditer(text):
            line = text.count("\n", 0, hit.start()) + 1
            yield f"{file}:{line}: {' '.join(hit[0].split())!r}: {better}"
    if file.endswith(".md") and not file.startswith(tuple(RULES["not_wrapped"])):
        for line in too_wide(text):
            yield f"{file}:{line}: wrap prose at {RULES['columns']} columns"


def too_wide(page: str) -> Iterator[int]:
    """Number the lines of prose in a Markdown page that are too wide and could be broken."""
    fence = ""
    for number, line in enumerate(page.splitlines(), 1):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark and (not fence or line.strip() == fence):
            fence = "" if fence else mark[1]
        elif fence or NOT_PROSE.match(line) or len(line) <= RULES["columns"]:
            continue
        elif len(UNBREAKABLE.findall(line)) > 1:
            yield number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
