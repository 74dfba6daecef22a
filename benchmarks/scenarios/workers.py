"""A backfill by one Dask worker and by two: how much faster, and whether the lake is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure.agency import BeaAgency
from benchmarks.measure.archives import archives
from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.programs import FOLDER, Statpipe

ONE_WORKER, TWO_WORKERS = "backfill by 1 Dask worker", "backfill by 2 Dask workers"
LAYERS = ("silver", "changes", "gold")


def workers(homes: Homes, table: str, vintages: int, rounds: int) -> Iterator[Measured]:
    """Backfill many vintages, in turns, into lakes that have to be alike."""
    files = archives(homes.folder / "archives", table, vintages)
    with BeaAgency([table]) as agency:
        for number in range(rounds):
            made = []
            for count, scenario in ((1, ONE_WORKER), (2, TWO_WORKERS)):
                engine = f'[engine]\nexecutor = "dask"\nworkers = {count}\n'
                program = Statpipe(lake=engine + FOLDER)
                home = homes.make(f"workers_{count}_{number}", program, agency)
                command = program.backfill(home, files)
                yield homes.measure(scenario, number, program, home, command=command)
                made.append(_hashes(home.folder / program.folder))
                homes.remove([home])
            if made[0] != made[1]:
                msg = "two workers made another lake than one"
                raise RuntimeError(msg)


def _hashes(lake: Path) -> dict[str, str]:
    """Hash every file below the layers that follow from Bronze."""
    return {
        str(path.relative_to(lake)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(lake.rglob("*.parquet"))
        if path.relative_to(lake).parts[1] in LAYERS
    }
