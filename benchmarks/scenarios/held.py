"""A new release where many vintages are held, against the same release where one is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from benchmarks.measure.agency import BeaAgency
from benchmarks.measure.archives import archives
from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.programs import Statpipe

ONE, MANY = "a release, 1 vintage held", "a release, many vintages held"
BACKFILL = "backfill of many vintages"
DAY = date(2023, 10, 4)


def held(homes: Homes, table: str, vintages: int, rounds: int) -> Iterator[Measured]:
    """Backfill one vintage and many, and measure what the next one costs in copies of both homes."""
    program = Statpipe()
    files = archives(homes.folder / "archives", table, vintages)
    with BeaAgency([table]) as agency:
        one, many = (homes.make(name, program, agency) for name in ("held_one", "held_many"))
        homes.measure(BACKFILL, 0, program, one, command=program.backfill(one, files[-1:]))
        yield homes.measure(BACKFILL, 0, program, many, command=program.backfill(many, files))
        agency.publish(DAY, 0.01)
        for number in range(rounds):
            for scenario, home in ((ONE, one), (MANY, many)):
                copy = homes.copy(home, f"{home.name}_{number}")
                yield homes.measure(scenario, number, program, copy, requests=agency.requests)
                homes.remove([copy])
        homes.remove([one, many])
