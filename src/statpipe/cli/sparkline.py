"""A series as one line of block characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

_BLOCKS = "▁▂▃▄▅▆▇█"
_FLAT = "▄"
_GAP = " "


def sparkline(values: Sequence[Decimal | float | None]) -> str:
    """
    Draw values from their smallest to their largest; a missing one is a gap.
    """
    numbers = [None if v is None or math.isnan(v) else float(v) for v in values]
    present = [number for number in numbers if number is not None]
    low, high = min(present, default=0.0), max(present, default=0.0)
    return "".join(_GAP if number is None else _block(number, low, high) for number in numbers)


def _block(number: float, low: float, high: float) -> str:
    if high == low:
        return _FLAT
    return _BLOCKS[round((number - low) / (high - low) * (len(_BLOCKS) - 1))]
