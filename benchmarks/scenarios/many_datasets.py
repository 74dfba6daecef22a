"""Many small datasets: what each of them costs, however small it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import small_datasets
from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.programs import BARE, Files, Script, Statpipe

from support.installed import install

SMALL_FIRST, SMALL_UNCHANGED = "small datasets, first load", "small datasets, unchanged"
ROOT = Path(__file__).parents[2]


def many_datasets(homes: Homes, number: int, rounds: int) -> Iterator[Measured]:
    """Load so many datasets, and look at them again."""
    files = homes.folder / "files"
    small_datasets.made_up(files, number)
    module = small_datasets.__name__
    plugin = install(homes.folder / "plugin", name="small-datasets", entry_points={"small": module})
    settings = f'files = "{files}"\n'
    programs = (
        Statpipe(source=small_datasets.SOURCE, settings=settings),
        Script(BARE, script="bare_files"),
    )
    for turn in range(rounds):
        made = [
            (
                program,
                homes.make(
                    f"small_{program.name}_{turn}",
                    program,
                    Files(str(files)),
                    PYTHONPATH=f"{plugin}:{ROOT}",
                ),
            )
            for program in programs
        ]
        for scenario in (SMALL_FIRST, SMALL_UNCHANGED):
            for program, home in made:
                yield homes.measure(scenario, turn, program, home)
        homes.remove(home for _, home in made)
