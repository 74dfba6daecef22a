"""A lake in a bucket that is 50 ms away: how many requests are made, and how many of them one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.measure.agency import BeaAgency
from benchmarks.measure.archives import archives
from benchmarks.measure.bucket import Bucket
from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.programs import Home, Statpipe
from benchmarks.scenarios.releases import ask_all

FAR_FIRST, FAR_UNCHANGED = "S3 at 50 ms, first load", "S3 at 50 ms, unchanged, many held"
FAR = 0.05
SMALL = 'areas = ["US", "CA"]\n'
"""Requests depend on how many vintages are held, not on their size."""


def far_lake(
    homes: Homes, tables: tuple[str, ...], vintages: int, rounds: int
) -> Iterator[Measured]:
    """Load all tables into the bucket, and run where many vintages of a small one are held."""
    with Bucket(homes.folder / "bucket") as bucket:
        with BeaAgency(tables) as agency:
            ask_all(agency)
            for number in range(rounds):
                program = Statpipe(lake=bucket.lake(f"first-{number}"))
                home = homes.make(f"far_{number}", program, agency, **bucket.variables)
                yield _measured(FAR_FIRST, number, homes, program, home, bucket)
                homes.remove([home])
        files = archives(homes.folder / "archives", "SAPCE1", vintages)
        with BeaAgency(["SAPCE1"]) as agency:
            program = Statpipe(lake=bucket.lake("held"), settings=SMALL)
            home = homes.make("far_held", program, agency, **bucket.variables)
            places = [str(file) for file in files]
            backfill = program.command(home, "backfill", program.source, "--from-archive", *places)
            homes.measure("", 0, program, home, command=backfill)
            homes.measure("", 0, program, home)
            for number in range(rounds):
                yield _measured(FAR_UNCHANGED, number, homes, program, home, bucket)
            homes.remove([home])


def _measured(
    scenario: str, number: int, homes: Homes, program: Statpipe, home: Home, bucket: Bucket
) -> Measured:
    bucket.counted()
    with bucket.far(FAR):
        row = homes.measure(scenario, number, program, home)
    requests, waiting = bucket.counted()
    return replace(row, requests=requests, waiting=waiting)
