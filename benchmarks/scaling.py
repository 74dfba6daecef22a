"""
Measure how costs grow with figures, vintages and datasets, and compute what ten, a hundred and a thousand times as many cost.

    python -m benchmarks.scaling                        # small; a few minutes
    python -m benchmarks.scaling --times 10             # ten times as many of all, for a machine of its own

Each series is measured at two sizes. A straight line through both gives what one more costs: what is
printed for larger sizes is computed, not measured, and says what would be met first. docs/scaling.md quotes it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import small_datasets
from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.measure.server import Server
from benchmarks.programs import Files, Home, Statpipe

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
sys.path.insert(0, str(TESTS))

OUT = Path("build", "scaling.json")
MONTHS, FEW_SERIES = 500, 40
AHEAD = (1, 10, 100, 1000)
MEBIBYTE = 2**20
ALL_MANIFESTS = "all manifests, MiB"
"""Each names all that is held, so where a vintage is a run, they grow with the square of their number."""


@dataclass(frozen=True)
class Series:
    """What grows, at two sizes, and how much of it there is at one time."""

    name: str
    sizes: tuple[int, int]
    today: int
    measure: Callable[[Homes, int], Mapping[str, float]]


def figures(homes: Homes, number: int) -> Mapping[str, float]:
    """Load one release of so many figures for the first time."""
    from support.monthly_releases import made_up

    files = homes.folder / f"figures-{number}"
    made_up(files, releases=1, series=number // MONTHS, months=MONTHS)
    program, home = _monthly(homes, f"figures_{number}", files)
    run = program.command(home, "run", "monthly", "--accept-revision")
    return dict(_told("first load", homes.measure("", 0, program, home, command=run), home))


def vintages(homes: Homes, number: int) -> Mapping[str, float]:
    """Backfill so many vintages of 20,000 figures, and load one more."""
    from support.monthly_releases import made_up

    made = made_up(
        homes.folder / f"made-{number}", releases=number + 1, series=FEW_SERIES, months=MONTHS
    )
    live = homes.folder / f"live-{number}"
    live.mkdir()
    (live / made[-1].name).write_bytes(made[-1].read_bytes())
    program, home = _monthly(homes, f"vintages_{number}", live)
    places = [str(file) for file in made[:-1]]
    command = program.command(
        home, "backfill", "monthly", "--accept-revision", "--from-archive", *places
    )
    told = dict(_told("backfill", homes.measure("", 0, program, home, command=command), home))
    command = program.command(home, "run", "monthly", "--accept-revision")
    more = homes.measure("", 1, program, home, command=command)
    return told | dict(_told("one more", more, home))


def datasets(homes: Homes, number: int) -> Mapping[str, float]:
    """Load so many datasets of 200 figures, and look at them again."""
    from support.installed import install

    files = homes.folder / f"datasets-{number}"
    small_datasets.made_up(files, number)
    module = small_datasets.__name__
    folder = homes.folder / f"plugin-{number}"
    plugin = install(folder, name="small-datasets", entry_points={"small": module})
    program = Statpipe(source=small_datasets.SOURCE, settings=f'files = "{files}"\n')
    path = f"{plugin}:{ROOT}"
    home = homes.make(f"datasets_{number}", program, Files(str(files)), PYTHONPATH=path)
    told = dict(_told("first load", homes.measure("", 0, program, home), home))
    return told | dict(_told("unchanged", homes.measure("", 1, program, home), home))


def _monthly(homes: Homes, name: str, files: Path) -> tuple[Statpipe, Home]:
    from support.installed import install

    plugin = install(
        homes.folder / f"plugin-{name}", name="monthly", entry_points={"monthly": "support.monthly"}
    )
    program = Statpipe(source="monthly", settings=f'folder = "{files}"\n')
    path = f"{plugin}:{TESTS}"
    return program, homes.make(name, program, Files(str(files)), PYTHONPATH=path)


def _told(what: str, row: Measured, home: Home) -> Iterator[tuple[str, float]]:
    """Give the figures of a run, and those of the lake after it."""
    files = [path for path in (home.folder / ".statpipe/lake").rglob("*") if path.is_file()]
    manifests = [path for path in files if "runs" in path.parts]
    yield f"{what}: CPU s", row.cpu
    yield f"{what}: CPU s of PostgreSQL", row.server_cpu
    yield f"{what}: peak memory, MiB", row.peak / MEBIBYTE
    yield f"{what}: lake, MiB", row.lake / MEBIBYTE
    yield f"{what}: tables, MiB", row.tables / MEBIBYTE
    yield f"{what}: objects in the lake", len(files)
    yield f"{what}: newest manifest, MiB", max(manifests).stat().st_size / MEBIBYTE
    yield f"{what}: {ALL_MANIFESTS}", sum(p.stat().st_size for p in manifests) / MEBIBYTE


ALL = (
    Series("figures", (50_000, 400_000), 440_000, figures),
    Series("vintages", (12, 48), 60, vintages),
    Series("datasets", (20, 80), 40, datasets),
)


def lines(
    series: Series, sizes: tuple[int, int], found: list[Mapping[str, float]]
) -> Iterator[str]:
    """Say what was measured, and what follows for more."""
    few, many = sizes
    ahead = [series.today * times for times in AHEAD]
    yield ""
    yield (
        f"| {series.name} | {few:,} | {many:,} | one more | "
        + " | ".join(f"{n:,} *" for n in ahead)
        + " |"
    )
    yield "|---|" + "--:|" * (3 + len(ahead))
    for what, first in found[0].items():
        last = found[1][what]
        each = (last - first) / (many - few)
        computed = [first + each * (number - few) for number in ahead]
        if what.endswith(ALL_MANIFESTS) and series.name == "vintages":
            computed = [last * (number / many) ** 2 for number in ahead]
        told = (_round(first), _round(last), f"{each:.2g}", *map(_round, computed))
        yield f"| {what} | " + " | ".join(told) + " |"


def _round(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling", description=__doc__.split("\n")[1]
    )
    parser.add_argument("--times", type=int, default=1, help="so many times as many of all")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in ALL])
    parser.add_argument("--json", type=Path, default=OUT, help="where the figures are written to")
    chosen = parser.parse_args()
    document = {}
    with TemporaryDirectory(prefix="statpipe-scaling-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server's user has to pass
        with Server(folder / "postgres") as server:
            for series in ALL:
                if chosen.only and series.name not in chosen.only:
                    continue
                sizes = (series.sizes[0] * chosen.times, series.sizes[1] * chosen.times)
                homes = Homes(folder / series.name, server)
                homes.folder.mkdir()
                found = [series.measure(homes, size) for size in sizes]
                document[series.name] = dict(zip(map(str, sizes), found, strict=True))
                print(*lines(series, sizes, found), sep="\n", flush=True)
    print(
        "\n* computed: a straight line through both sizes, a square for all manifests of vintages"
    )
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
