"""What is measured, in full and in short."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from benchmarks import goals
from benchmarks.judge import Goal
from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.programs import Program
from benchmarks.scenarios.far_lake import far_lake
from benchmarks.scenarios.held import held
from benchmarks.scenarios.large import large
from benchmarks.scenarios.many_datasets import many_datasets
from benchmarks.scenarios.releases import releases
from benchmarks.scenarios.workers import workers

FEW = 2
"""Rounds of what is counted rather than timed."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """How much is measured."""

    name: str
    rounds: int
    tables: tuple[str, ...]
    """Of BEA's, in the steps of a year."""
    table: str
    """Of BEA's, of which many vintages are held."""
    vintages: int
    backfilled: int
    """Vintages that workers share."""
    datasets: int
    figures: int

    def with_rounds(self, rounds: int | None) -> Self:
        """Return the same with another number of rounds, if one is given."""
        return replace(self, rounds=rounds) if rounds else self


FORMS: Mapping[str, Form] = {
    "full": Form(
        name="full",
        rounds=5,
        tables=("SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4"),
        table="SAPCE4",
        vintages=60,
        backfilled=40,
        datasets=400,
        figures=4_000_000,
    ),
    "short": Form(
        name="short",
        rounds=3,
        tables=("SAPCE1",),
        table="SAPCE1",
        vintages=24,
        backfilled=12,
        datasets=60,
        figures=400_000,
    ),
}


@dataclass(frozen=True)
class Scenario:
    """Something that programs do, and what it may cost."""

    measure: Callable[[Homes, Sequence[Program], Form], Iterator[Measured]]
    goals: Sequence[Goal]


SCENARIOS: Mapping[str, Scenario] = {
    "releases": Scenario(
        lambda homes, programs, form: releases(homes, programs, form.tables, form.rounds),
        goals.RELEASES,
    ),
    "held": Scenario(
        lambda homes, _, form: held(homes, form.table, form.vintages, form.rounds), goals.HELD
    ),
    "far_lake": Scenario(
        lambda homes, _, form: far_lake(homes, form.tables, form.vintages, FEW), goals.FAR_LAKE
    ),
    "many_datasets": Scenario(
        lambda homes, _, form: many_datasets(homes, form.datasets, FEW), goals.MANY_DATASETS
    ),
    "workers": Scenario(
        lambda homes, _, form: workers(homes, form.table, form.backfilled, FEW), goals.WORKERS
    ),
    "large": Scenario(lambda homes, _, form: large(homes, form.figures, 1), goals.LARGE),
}
