"""
A year of an agency: first load, nothing new, 1 % revised, all revised.

In each round every program starts anew, and each step is done by one program after the other: what the
machine is busy with meets all of them alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from benchmarks.baselines.bea_over_http import Bea
from benchmarks.measure.agency import BeaAgency
from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.programs import PRODUCT, Program, Statpipe

FIRST, UNCHANGED, SOME, ALL = "first load", "unchanged", "1 % revised", "all revised"
REBUILT = "all revised, loaded anew"
STEPS: tuple[tuple[str, float], ...] = ((FIRST, 0), (UNCHANGED, 0), (SOME, 0.01), (ALL, 1))


def releases(
    homes: Homes, programs: Sequence[Program], tables: Sequence[str], rounds: int
) -> Iterator[Measured]:
    """Measure each program at each step."""
    for number in range(rounds):
        # An agency that has published nothing of this yet.
        with BeaAgency(tables) as agency:
            at_work = [(p, homes.make(f"{p.name}_{number}", p, agency)) for p in programs]
            ask_all(agency)
            for day, (step, share) in enumerate(STEPS):
                if share:
                    agency.publish(date(2023 + day, 10, 4), share)
                for program, home in at_work:
                    yield homes.measure(step, number, program, home, requests=agency.requests)
            for program, home in at_work:
                if program.name == PRODUCT and isinstance(program, Statpipe):
                    anew = program.command(home, "load", "--rebuild", "bea_pce_state")
                    yield homes.measure(REBUILT, number, program, home, command=anew)
            homes.remove(home for _, home in at_work)


def ask_all(agency: BeaAgency) -> None:
    """Ask for everything once: the agency makes its answers before anybody is measured."""
    bea = Bea(agency.url, agency.key)
    for table in agency.tables:
        bea.whole(table, bea.line(table, "1"))
