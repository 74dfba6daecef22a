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
from benchmarks.scenarios.releases import releases


@dataclass(frozen=True, kw_only=True)
class Form:
    """How much is measured."""

    name: str
    rounds: int
    tables: tuple[str, ...]
    """Of BEA's, in the steps of a year."""

    def with_rounds(self, rounds: int | None) -> Self:
        """Return the same with another number of rounds, if one is given."""
        return replace(self, rounds=rounds) if rounds else self


FORMS: Mapping[str, Form] = {
    "full": Form(name="full", rounds=5, tables=("SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4")),
    "short": Form(name="short", rounds=3, tables=("SAPCE1",)),
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
}
