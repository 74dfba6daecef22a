"""Compares rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from statpipe.api import Model
from statpipe.testing.wording import broken


def in_order(
    model: Model, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """
    Return rows in the order of the grain.
    """
    names = [name for name, _ in columns]
    places = [names.index(name) for name in model.grain if name in names]
    return sorted(rows, key=lambda row: [str(row[place]) for place in places])


def refuse_other(
    model: Model,
    found: Sequence[tuple[Any, ...]],
    wanted: Sequence[tuple[Any, ...]],
    when: str,
    remedy: str,
) -> None:
    """
    End the test if the rows differ from the expected ones.
    """
    __tracebackhide__ = True
    if len(found) != len(wanted):
        broken(
            f"{when}, model {model.name} gives {len(found)} rows instead of {len(wanted)}", remedy
        )
    for row, other in zip(found, wanted, strict=True):
        if not all(map(is_same, row, other)):
            broken(f"{when}, model {model.name} gives {row} instead of {other}", remedy)


def is_same(one: Any, other: Any) -> bool:
    """
    Return whether two values are the same, or nearly the same for floating-point numbers.
    """
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one == other
    return bool(one == other)
