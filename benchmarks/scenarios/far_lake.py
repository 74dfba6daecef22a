"""A lake in a bucket that is 50 ms away: how many requests are made, and how many of them one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from benchmarks.measure.agency import BeaAgency
from benchmarks.measure.archives import archives
from benchmarks.measure.bucket import Bucket
from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.programs import Statpipe
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
                with _far(bucket) as noted:
                    row = noted(homes.measure(FAR_FIRST, number, program, home))
                yield row
                homes.remove([home])
        files = archives(homes.folder / "archives", "SAPCE1", vintages)
        with BeaAgency(["SAPCE1"]) as agency:
            program = Statpipe(lake=bucket.lake("held"), settings=SMALL)
            home = homes.make("far_held", program, agency, **bucket.variables)
            backfill = program.backfill(home, files)
            homes.measure("", 0, program, home, command=backfill)
            homes.measure("", 0, program, home)
            for number in range(rounds):
                with _far(bucket) as noted:
                    row = noted(homes.measure(FAR_UNCHANGED, number, program, home))
                yield row
            homes.remove([home])


@contextmanager
def _far(bucket: Bucket) -> Iterator[Callable[[Measured], Measured]]:
    """Let the bucket be far away, and note requests to it in what is measured meanwhile."""

    def noted(row: Measured) -> Measured:
        requests, waiting = bucket.counted()
        return replace(row, requests=requests, waiting=waiting)

    bucket.counted()
    with bucket.far(FAR):
        yield noted
