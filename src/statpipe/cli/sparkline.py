"""A series as one line of block characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

BLOCKS, LETTERS = "▁▂▃▄▅▆▇█", "_.,-~=+#"
"""From the smallest to the largest; the second for outputs that cannot write the first."""
_GAP = " "


def sparkline(values: Sequence[Decimal | float | None], heights: str = BLOCKS) -> str:
    """
    Draw values from their smallest to their largest; a missing one is a gap.
    """
    numbers = [None if v is None or math.isnan(v) else float(v) for v in values]
    present = [number for number in numbers if number is not None]
    low, high = min(present, default=0.0), max(present, default=0.0)
    return "".join(
        _GAP if number is None else _height(number, low, high, heights) for number in numbers
    )


def _height(number: float, low: float, high: float, heights: str) -> str:
    share = 0.5 if high == low else (number - low) / (high - low)
    return heights[int(share * (len(heights) - 1) + (0 if high == low else 0.5))]
