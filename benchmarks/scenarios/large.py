"""A first load of many figures, against one of a tenth of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.programs import Files, Statpipe

from support.installed import install
from support.monthly import SOURCE
from support.monthly_releases import made_up

ROOT = Path(__file__).parents[2]
TENTH, WHOLE = "a tenth of many figures", "many figures"
MONTHS = 500


def large(homes: Homes, figures: int, rounds: int) -> Iterator[Measured]:
    """Load made-up monthly series: a tenth of the figures, and all of them."""
    plugin = install(
        homes.folder / "plugin", name="monthly", entry_points={"monthly": "support.monthly"}
    )
    path = f"{plugin}:{ROOT / 'tests'}"
    for scenario, number in ((TENTH, figures // 10), (WHOLE, figures)):
        files = homes.folder / f"files-{number}"
        made_up(files, releases=1, series=number // MONTHS, months=MONTHS)
        program = Statpipe(source=SOURCE, settings=f'folder = "{files}"\n')
        for turn in range(rounds):
            agency = Files(str(files))
            home = homes.make(f"large_{number}_{turn}", program, agency, PYTHONPATH=path)
            # Figures that are missing here and there are as meant.
            command = program.command(home, "run", SOURCE, "--accept-revision")
            yield homes.measure(scenario, turn, program, home, command=command)
            homes.remove([home])
