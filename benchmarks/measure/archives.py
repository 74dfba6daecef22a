"""
BEA's zip of a table as it might have been: a release a month, each of which revised 1 % of the figures.

The last one is BEA's own, of 6 October 2022; those before it are made from it, back in time.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from benchmarks.measure.agency import ZIP

LAST = date(2022, 10, 6)
NOTE = re.compile(rb"Last updated: [A-Z][a-z]+ \d+, \d{4}")
ONE_IN = 100


def archives(folder: Path, table: str, releases: int) -> list[Path]:
    """Write a zip a release into a folder; return them, the oldest first."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(ZIP) as bulk:
        members = {n: bulk.read(n) for n in bulk.namelist() if n.startswith(f"{table}__")}
    figures = next(name for name in members if "__ALL_AREAS_" in name)
    files = []
    for back in range(releases):
        day = _month_before(back)
        files.append(folder / f"{day}.zip")
        note = f"Last updated: {day:%B} {day.day}, {day.year}".encode()
        with zipfile.ZipFile(files[-1], "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            for name, body in members.items():
                made.writestr(name, NOTE.sub(note, body))
        members[figures] = b"".join(_revised(members[figures], back))
    return files[::-1]


def _month_before(back: int) -> date:
    month = LAST.year * 12 + LAST.month - 1 - back
    return date(month // 12, month % 12 + 1, LAST.day)


def _revised(body: bytes, turn: int) -> Iterator[bytes]:
    """Move one figure in a hundred by one in its last place, others at each turn."""
    number = turn
    for line in body.splitlines(keepends=True):
        # Words stand in quotes, and the figures of all years follow the last of them.
        words, quote, figures = line.rpartition(b'",')
        cells = figures.split(b",") if quote else []
        place = -number % ONE_IN
        number += len(cells)
        if place < len(cells):
            cells[place] = _moved(cells[place])
        yield words + quote + b",".join(cells) if quote else line


def _moved(text: bytes) -> bytes:
    try:
        value = Decimal(text.strip().decode())
    except InvalidOperation:  # such as (D)
        return text
    last = Decimal(1).scaleb(int(value.as_tuple().exponent))
    return text.replace(text.strip(), f"{value + last:f}".encode())
