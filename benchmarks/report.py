"""Shows what was measured and judged: two tables for people, a document for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any

from benchmarks.judge import Verdict
from benchmarks.measure.measured import Measured

MEBIBYTE = 2**20


def measured_table(rows: Sequence[Measured]) -> Iterator[str]:
    """Return a line for each scenario and program, with the median of each figure."""
    yield f"{'scenario':<34} {'program':<14} {'wall s':>8} {'CPU s':>7} {'server':>7} {'peak MiB':>9} {'WAL MiB':>8} {'rows':>10} {'asked':>6} {'puts':>6}"
    for scenario, program in dict.fromkeys((row.scenario, row.program) for row in rows):
        same = [row for row in rows if (row.scenario, row.program) == (scenario, program)]

        def of(name: str, same: Sequence[Measured] = same) -> float:
            return median(getattr(row, name) for row in same)

        yield (
            f"{scenario:<34} {program:<14} {of('wall'):>8.2f} {of('cpu'):>7.2f} {of('server_cpu'):>7.2f}"
            f" {of('peak') / MEBIBYTE:>9.0f} {of('wal') / MEBIBYTE:>8.1f} {of('rows'):>10,.0f}"
            f" {of('requests'):>6.0f} {of('puts'):>6.0f}"
        )


def verdict_table(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Return a line for each goal."""
    yield f"{'goal':<58} {'now':>9} {'most':>9} {'seen':>9}"
    for verdict in verdicts:
        goal = verdict.goal
        numbers = (verdict.value, goal.most, verdict.seen)
        shown = " ".join(f"{'' if n is None else f'{n:,.2f}':>9}" for n in numbers)
        said = verdict.state if verdict.value is not None else "not measured"
        yield f"{goal.what:<58} {shown}  {said}"


def document(form: str, rows: Iterable[Measured], verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Return all of it for JSON."""
    return {
        "form": form,
        "machine": {
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "measured": [row.document() for row in rows],
        "verdicts": [
            {
                "what": verdict.goal.what,
                "value": verdict.value,
                "most": verdict.goal.most,
                "seen": verdict.seen,
                "state": verdict.state,
            }
            for verdict in verdicts
        ],
    }
