"""
BEA on this machine, in a process of its own: its time is nobody's whom we measure.

    with BeaAgency() as agency:
        ... ask agency.url with agency.key ...
        agency.publish(date(2023, 10, 4), share=0.01)   # a release that revises 1 % of the figures
        assert agency.requests() == 172                  # since the last time

Its figures are those of BEA's four tables, as ``tests/data/SAPCE.zip`` holds them.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
ZIP = ROOT / "tests" / "data" / "SAPCE.zip"
KEY = "C0FFEE00-dead-4BAD-8bad-00CaFe00Beef"
MOVED = Decimal("1.001")


class BeaAgency:
    """The agency as a process. It answers as long as the context lasts."""

    key = KEY

    def __init__(self, tables: Sequence[str] = ("SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4")) -> None:
        self.tables = tuple(tables)

    def __enter__(self) -> Self:
        command = [sys.executable, __file__, *self.tables]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url: str = self._hear()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def publish(self, day: date, share: float) -> int:
        """Publish a release in which a share of the figures is another; return how many are."""
        return self._say("publish", day.isoformat(), share)

    def requests(self) -> int:
        """Return how many requests came since this was asked last."""
        return self._say("requests")

    def figures(self) -> int:
        """Return how many figures the tables have."""
        return self._say("figures")

    def _say(self, *order: object) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the agency ended: see above")
        return json.loads(line)


def serve(tables: Sequence[str]) -> None:
    """Be the agency: an order a line on standard input, an answer a line on standard output."""
    with _bea(tables) as bea:
        print(json.dumps(bea.url), flush=True)
        for line in sys.stdin:
            name, *given = json.loads(line)
            print(json.dumps(getattr(bea, f"do_{name}")(*given)), flush=True)


def _bea(tables: Sequence[str]) -> Any:
    sys.path.insert(0, str(ROOT / "tests"))
    from support.fake_bea import Answer, FakeBea

    class QuickBea(FakeBea):
        """Keeps whole answers: making them is no part of what is measured."""

        def __init__(self) -> None:
            self.ready: dict[str, Answer] = {}
            super().__init__(ZIP, key=KEY)
            self.tables = {name: self.tables[name] for name in tables}

        def reply(self, query: str) -> Answer:
            if query not in self.ready:
                self.ready[query] = super().reply(query)
            else:
                self.requests.append({})
            return self.ready[query]

        def do_publish(self, day: str, share: float) -> int:
            for table in self.tables.values():
                note = f"Last updated: {date.fromisoformat(day):%B %-d, %Y}-- revised statistics."
                self.date(table.name, note)
            changed = sum(revise(table.figures, share) for table in self.tables.values())
            # What was asked before will be asked again, and is ready then.
            asked, self.ready = list(self.ready), {}
            for query in asked:
                self.reply(query)
            self.requests = []
            return changed

        def do_requests(self) -> int:
            found, self.requests = len(self.requests), []
            return found

        def do_figures(self) -> int:
            return sum(1 for table in self.tables.values() for _ in shown(table.figures))

    return QuickBea()


def shown(figures: dict[str, dict[str, dict[str, str]]]) -> Iterator[tuple[dict[str, str], str]]:
    """Return the cells that have a number: where they stand, and under which year."""
    for areas in figures.values():
        for years in areas.values():
            yield from ((years, year) for year, text in years.items() if text[-1:].isdigit())


def revise(figures: dict[str, dict[str, dict[str, str]]], share: float) -> int:
    """
    Move a share of the figures: all by a thousandth, and some of them by one in the last place.

    So sums still hold, as an agency's do, up to rounding.
    """
    changed, chance = 0, random.Random(1)
    for years, year in shown(figures):
        if chance.random() < share:
            changed += 1
            years[year] = _moved(Decimal(years[year]), whole=share == 1)
    return changed


def _moved(value: Decimal, *, whole: bool) -> str:
    last = Decimal(1).scaleb(int(value.as_tuple().exponent))
    if not whole:
        return f"{value + last:f}"
    moved = (value * MOVED).quantize(last, ROUND_HALF_EVEN)
    return f"{moved if moved != value else value + last:f}"


if __name__ == "__main__":
    serve(sys.argv[1:])
