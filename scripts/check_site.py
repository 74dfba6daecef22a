"""
Check the built site: it loads nothing from another server, and every link within it leads somewhere.

.venv/bin/python scripts/check_site.py [FOLDER]
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

ROOT = Path(__file__).resolve().parent.parent
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}
NO_LOADING = {"canonical", "next", "prev", "alternate", "edit"}
"""Kinds of <link> that a browser does not fetch."""
NO_HEADER = re.compile(r"<th[^>]*></th>")
IN_STYLES = re.compile(r"(?:@import\s*|url\()[\"']?((?:https?:)?//[^\"')\s]+)")


class Page(HTMLParser):
    """What a page loads, what it links to, and the places in it that a link can name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.headers_are_whole = not NO_HEADER.search(text)
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the address in one tag."""
        named = {name: value or "" for name, value in attrs}
        self.places |= {named[name] for name in ("id", "name") if name in named}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if tag in LOADS and LOADS[tag] in named:
            self.loads.append(named[LOADS[tag]])
        if tag == "link" and not NO_LOADING & set(named.get("rel", "").split()):
            self.loads.append(named.get("href", ""))
        self.loads += IN_STYLES.findall(named.get("style", ""))


def faults(site: Path) -> Iterator[str]:
    """Return a line for each address that is foreign, or leads nowhere."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    if not pages:
        yield f"{site}: no pages"
    for path in pages:
        yield from _of_page(site, path, pages)
    for style in sorted(site.rglob("*.css")):
        for address in IN_STYLES.findall(style.read_text("utf-8")):
            yield f"{style.relative_to(site)}: loads {address} from another server"


def _of_page(site: Path, path: Path, pages: dict[Path, Page]) -> Iterator[str]:
    page, where = pages[path], path.relative_to(site)
    if not page.headers_are_whole:
        yield f"{where}: a column of a table has no header, which a screen reader needs"
    for address in page.loads:
        if urlsplit(address).netloc:
            yield f"{where}: loads {address} from another server"
        elif not address.startswith("data:") and not _target(site, path, address).is_file():
            yield f"{where}: loads {address}, which is missing"
    for address in page.links:
        if not urlsplit(address).scheme and not urlsplit(address).netloc:
            yield from _dead(site, path, address, pages)


def _dead(site: Path, path: Path, address: str, pages: dict[Path, Page]) -> Iterator[str]:
    target = _target(site, path, address)
    place = unquote(urldefrag(address).fragment)
    if not target.is_file():
        yield f"{path.relative_to(site)}: {address} leads nowhere"
    elif place and target in pages and place not in pages[target].places:
        yield f"{path.relative_to(site)}: {address} leads to no place of that page"


def _target(site: Path, page: Path, address: str) -> Path:
    """Return the file that a browser gets, as a web server finds it."""
    name = unquote(urlsplit(address).path)
    start = site if name.startswith("/") else page.parent
    target = (start / name.lstrip("/")).resolve() if name else page
    return target / "index.html" if target.is_dir() else target


def main() -> int:
    """Print the faults; exit 1 if there are any."""
    found = list(faults(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"))
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
