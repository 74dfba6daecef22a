"""A series as a line chart of braille dots, for a terminal with room."""

from __future__ import annotations

from collections.abc import Sequence

LEAST_FIGURES, LEAST_ROOM = 4, 50
"""With fewer figures, a line of blocks shows as much."""
HEIGHT = 8
_MOST_WIDE = 100
_ACROSS, _DOWN = 2, 4
"""Dots per character."""
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800
SIGNS = chr(_BLANK + 1)


def line_chart(values: Sequence[float | None], room: int, height: int = HEIGHT) -> list[str]:
    """
    Draw values from left to right, the largest at the top. A missing value is a gap. All lines have
    the same width.
    """
    width = min(room, _MOST_WIDE)
    present = [value for value in values if value is not None]
    if not present:
        return []
    low, high = min(present), max(present)
    columns, rows = width * _ACROSS - 1, height * _DOWN - 1
    span = high - low or 1.0

    def place(number: int, value: float) -> tuple[int, int]:
        x = round(number * columns / max(len(values) - 1, 1))
        share = 0.5 if high == low else (value - low) / span
        return x, round((1 - share) * rows)

    marks = [[0] * width for _ in range(height)]
    before: tuple[int, int] | None = None
    for number, value in enumerate(values):
        here = None if value is None else place(number, value)
        if here is not None:
            for x, y in _between(before or here, here):
                marks[y // _DOWN][x // _ACROSS] |= _DOTS[x % _ACROSS][y % _DOWN]
        before = here
    return ["".join(chr(_BLANK + mark) for mark in line) for line in marks]


def _between(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the dots of a straight line."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    return [
        (
            round(start[0] + (end[0] - start[0]) * step / steps),
            round(start[1] + (end[1] - start[1]) * step / steps),
        )
        for step in range(steps + 1)
    ]
