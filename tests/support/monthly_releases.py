"""
Make releases with made-up figures, as files of the agency in :mod:`support.monthly`.

    python tests/support/monthly_releases.py FOLDER --releases 240 --series 40 --months 500

Each release revises a share of the figures of the one before it. A figure in two hundred does not
exist; every third series is printed with 15 places; once a year a series gets another name. The
same call makes the same files.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

Figures = list[list[str]]


def made_up(
    folder: Path, *, releases: int, series: int, months: int, revised: float = 0.01
) -> list[Path]:
    """Write releases into a folder, each of *series* times *months* figures; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)
    names = [f"S{number:03}" for number in range(series)]
    figures = [[_figure(chance, column) for column in range(series)] for _ in range(months)]
    files = []
    for number in range(releases):
        if number:
            for cell in chance.sample(range(series * months), int(series * months * revised)):
                figures[cell // series][cell % series] = _figure(chance, cell % series)
        if number % 12 == 11:
            names[number // 12 % series] = f"R{number:03}"
        files.append(folder / f"{1990 + number // 12}-{number % 12 + 1:02}.csv")
        files[-1].write_text("\n".join(_lines(figures, names)) + "\n")
    return files


def _figure(chance: random.Random, column: int) -> str:
    if chance.random() < 1 / 200:
        return ""
    places = 3 if column % 3 else 15
    return f"{chance.randrange(10, 10**5)}.{chance.randrange(10**places):0{places}}"


def _lines(figures: Figures, names: list[str]) -> Iterator[str]:
    yield ",".join(("sasdate", *names))
    yield ",".join(("Transform:", *("5" for _ in names)))
    for month, row in enumerate(figures):
        yield ",".join((f"{month % 12 + 1}/1/{1940 + month // 12}", *row))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for option in ("releases", "series", "months"):
        parser.add_argument(f"--{option}", type=int, required=True)
    made_up(**vars(parser.parse_args()))
