"""The goals, most of them ratios in one round. What each may cost at most stands here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.judge import TOLERANCE, Goal, Round
from benchmarks.programs import BEFORE
from benchmarks.scenarios.far_lake import FAR_FIRST, FAR_UNCHANGED
from benchmarks.scenarios.held import MANY, ONE
from benchmarks.scenarios.large import TENTH, WHOLE
from benchmarks.scenarios.many_datasets import SMALL_FIRST, SMALL_UNCHANGED
from benchmarks.scenarios.releases import ALL, FIRST, REBUILT, SOME, UNCHANGED
from benchmarks.scenarios.workers import ONE_WORKER, TWO_WORKERS

MEBIBYTE = 2**20
STEPS = (FIRST, UNCHANGED, SOME, ALL)


def wall(scenario: str, peer: str) -> Callable[[Round], float]:
    """Return the ratio of wall time to a peer's, as a figure of a round."""
    return lambda r: r.of(scenario).wall / r.of(scenario, peer).wall


def work(scenario: str, peer: str = "bare") -> Callable[[Round], float]:
    """Return the ratio of CPU time, the server's with it."""
    return lambda r: r.of(scenario).work / r.of(scenario, peer).work


def program(scenario: str, peer: str = "bare") -> Callable[[Round], float]:
    """Return the ratio of a program's own CPU time: the server's part would water a slow-down down."""
    return lambda r: r.of(scenario).cpu / r.of(scenario, peer).cpu


def server(scenario: str, peer: str = "bare") -> Callable[[Round], float]:
    """Return the ratio of the server's CPU time."""
    return lambda r: r.of(scenario).server_cpu / r.of(scenario, peer).server_cpu


def waiting(scenario: str) -> Callable[[Round], float]:
    """Return the seconds in which some request to the bucket was on its way."""
    return lambda r: r.of(scenario).waiting


def requests(scenario: str) -> Callable[[Round], float]:
    """Return the number of requests."""
    return lambda r: r.of(scenario).requests


def peak(r: Round) -> float:
    """Return the most memory of any step, in MiB."""
    return max(r.of(step).peak for step in STEPS) / MEBIBYTE


RELEASES = (
    Goal("first load: time against bare", wall(FIRST, "bare"), 2.0),
    Goal("first load: time against polars", wall(FIRST, "polars_adbc"), 1 / 1.2),
    Goal("first load: time against dlt's defaults", wall(FIRST, "dlt_rows"), 1 / 5),
    Goal("first load: the program's CPU against bare", program(FIRST), steady=True),
    Goal("unchanged: time against bare's skip", wall(UNCHANGED, "bare"), 2.0),
    Goal("unchanged: the program's CPU against bare's skip", program(UNCHANGED), steady=True),
    Goal("unchanged: CPU seconds", lambda r: r.of(UNCHANGED).cpu, 1.0),
    Goal("unchanged: rows written to tables", lambda r: r.of(UNCHANGED).rows, 0, always=True),
    Goal(
        "unchanged: files put (the manifest and its copy)",
        lambda r: r.of(UNCHANGED).puts,
        2,
        always=True,
    ),
    Goal("1 % revised: time against dlt with Arrow", wall(SOME, "dlt_arrow"), 1 / 2),
    Goal("1 % revised: the program's CPU against bare", program(SOME), steady=True),
    Goal(
        "1 % revised: WAL against bare",
        lambda r: r.of(SOME).wal / r.of(SOME, "bare").wal,
        1.0,
        steady=True,
    ),
    Goal("1 % revised: the server's CPU against bare", server(SOME), 1.2),
    Goal("all revised: time against polars", wall(ALL, "polars_adbc"), 1.0),
    Goal("all revised: time against dlt with Arrow", wall(ALL, "dlt_arrow"), 1.0),
    Goal("all revised: time against bare", wall(ALL, "bare"), 1.65),
    Goal("all revised: the program's CPU against bare", program(ALL), steady=True),
    Goal("all revised: the server's CPU against bare", server(ALL), steady=True),
    Goal(
        "all revised: CPU against a first load",
        lambda r: r.of(ALL).work / r.of(FIRST).work,
        1.6,
        steady=True,
    ),
    Goal(
        "all revised: tables against a fresh load",
        lambda r: r.of(ALL).tables / r.of(REBUILT).tables,
        1.1,
        steady=True,
    ),
    Goal("all revised: tables without statistics", lambda r: r.of(ALL).stale, 0, always=True),
    Goal("peak memory of any step, MiB", peak, 350, steady=True),
    *(
        Goal(
            f"{step}: the program's CPU against the commit before",
            program(step, BEFORE),
            TOLERANCE,
            always=True,
        )
        for step in STEPS
    ),
    Goal(
        f"{ALL}: the server's CPU against the commit before",
        server(ALL, BEFORE),
        TOLERANCE,
        always=True,
    ),
)
"""BEA's four tables through the steps of a year."""

HELD = (
    Goal(
        "many vintages held: CPU of a release against 1 held",
        lambda r: r.of(MANY).work / r.of(ONE).work,
        1.2,
        steady=True,
        always=True,
    ),
    Goal(
        "many vintages held: peak memory of a release against 1 held",
        lambda r: r.of(MANY).peak / r.of(ONE).peak,
        1.2,
        steady=True,
        always=True,
    ),
)
"""A release where much is held."""

FAR_LAKE = (
    Goal("S3 at 50 ms, first load: seconds waiting", waiting(FAR_FIRST), 3.0),
    Goal("S3 at 50 ms, first load: requests", requests(FAR_FIRST), steady=True),
    Goal(
        "S3 at 50 ms, unchanged, many held: seconds waiting",
        waiting(FAR_UNCHANGED),
        1.5,
        always=True,
    ),
    Goal("S3 at 50 ms, unchanged, many held: requests", requests(FAR_UNCHANGED), steady=True),
)
"""A lake in a bucket far away."""

MANY_DATASETS = (
    Goal("small datasets, first load: seconds", lambda r: r.of(SMALL_FIRST).wall, 12.0),
    Goal("small datasets, unchanged: seconds", lambda r: r.of(SMALL_UNCHANGED).wall, 1.5),
    Goal("small datasets, first load: CPU against bare", work(SMALL_FIRST), steady=True),
    Goal("small datasets, unchanged: CPU against bare", work(SMALL_UNCHANGED), steady=True),
)
"""Many small datasets."""

WORKERS = (
    Goal(
        "2 Dask workers: time against 1, on two free cores",
        lambda r: r.of(TWO_WORKERS).wall / r.of(ONE_WORKER).wall,
        1 / 1.6,
    ),
    Goal(
        "2 Dask workers: CPU against 1",
        lambda r: r.of(TWO_WORKERS).cpu / r.of(ONE_WORKER).cpu,
        1.2,
        always=True,
    ),
)
"""A backfill that workers share."""

LARGE = (
    Goal(
        "ten times the figures: CPU",
        lambda r: r.of(WHOLE).work / r.of(TENTH).work,
        11.0,
        steady=True,
    ),
    Goal(
        "ten times the figures: peak memory",
        lambda r: r.of(WHOLE).peak / r.of(TENTH).peak,
        1.5,
        steady=True,
    ),
)
"""Ten times as many figures."""
