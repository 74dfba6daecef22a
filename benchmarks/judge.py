"""
Holds what was measured to goals, and to what was seen before.

    missed    the figure is beyond its goal
    slower    it is worse than what was seen before, by more than machines and moments differ

Figures are ratios within a round, or counts, since machines differ. What was seen lies in ``seen.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Literal

from benchmarks.measure.measured import Measured

SEEN = Path(__file__).parent / "seen.json"
TOLERANCE = 1.12
"""Ratios of CPU time, each the median of the rounds, differ by a twentieth from one run to the next."""

State = Literal["ok", "MISSED", "SLOWER", ""]


class Round:
    """What was measured in one round, by scenario and program."""

    def __init__(self, rows: Iterable[Measured]) -> None:
        self._rows = {(row.scenario, row.program): row for row in rows}

    def of(self, scenario: str, program: str = "statpipe") -> Measured:
        """
        Return what a program needed.

        :raises LookupError: It was not measured.
        """
        return self._rows[scenario, program]


@dataclass(frozen=True)
class Goal:
    """
    A figure of a round, and the most that it may be.

    ``steady`` figures are alike in each run, so they are held to what was seen, too. The most of a figure is
    meant for full tables, but that of ``always`` goals: start-up counts for more where tables are small.
    """

    what: str
    figure: Callable[[Round], float]
    most: float | None = None
    steady: bool = False
    always: bool = False


@dataclass(frozen=True)
class Verdict:
    """A goal, the figure found (``None`` where it was not measured) and what is to be said of it."""

    goal: Goal
    value: float | None
    seen: float | None
    state: State


def judged(
    goals: Sequence[Goal],
    rows: Sequence[Measured],
    seen: Mapping[str, float],
    *,
    full: bool = True,
) -> list[Verdict]:
    """Judge each goal by the median of all rounds; without *full* tables, not all of them."""
    goals = [goal if full or goal.always else replace(goal, most=None) for goal in goals]
    numbers = sorted({row.round for row in rows})
    rounds = [Round(row for row in rows if row.round == number) for number in numbers]
    return [_judged(goal, rounds, seen.get(goal.what)) for goal in goals]


def _judged(goal: Goal, rounds: Sequence[Round], seen: float | None) -> Verdict:
    values = []
    for one in rounds:
        with suppress(LookupError):
            values.append(goal.figure(one))
    if not values:
        return Verdict(goal, None, seen, "")
    value = median(values)
    if goal.steady and seen is not None and value > seen * TOLERANCE:
        return Verdict(goal, value, seen, "SLOWER")
    if goal.most is None:
        return Verdict(goal, value, seen, "")
    return Verdict(goal, value, seen, "ok" if value <= goal.most else "MISSED")


def failed(verdicts: Iterable[Verdict]) -> bool:
    """Return whether a benchmark with these verdicts fails."""
    return any(verdict.state in {"MISSED", "SLOWER"} for verdict in verdicts)


def seen_before(form: str) -> dict[str, float]:
    """Read what was seen when this form of the benchmark was kept last."""
    return json.loads(SEEN.read_text()).get(form, {}) if SEEN.exists() else {}


def keep(form: str, verdicts: Iterable[Verdict]) -> None:
    """Let these figures be what later ones are held to."""
    kept = json.loads(SEEN.read_text()) if SEEN.exists() else {}
    now = {
        v.goal.what: round(v.value, 3) for v in verdicts if v.value is not None and v.goal.steady
    }
    kept[form] = kept.get(form, {}) | now
    SEEN.write_text(json.dumps(kept, indent=2) + "\n")
