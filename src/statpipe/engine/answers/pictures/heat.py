"""Revisions as a heat map: one row per release, one column per period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from statpipe.domain.revision import percent
from statpipe.engine.answers.pictures.svg import picture, text_of

_LEFT, _TOP, _HEIGHT_OF_ROW, _WIDTH = 92, 8, 22, 720
_MOST_ROWS, _MOST_COLUMNS = 30, 60
_LABELS = 10
_ROOM_FOR_TEXT = 64
"""How wide a cell must be to show its change as text."""


def heat_map(
    moves: Mapping[tuple[str, str], float | None],
    periods: Sequence[str],
    vintages: Sequence[str],
    title: str,
    name: str = "heat",
) -> str:
    """
    Draw how much each release changed each figure, in per cent. *moves* are by vintage and period;
    ``None`` means unchanged.

    If not all fit, the latest are drawn.
    """
    rows, columns = vintages[-_MOST_ROWS:], periods[-_MOST_COLUMNS:]
    sizes = sorted(abs(move) for move in moves.values() if move)
    if not sizes:
        return ""
    bounds = (sizes[len(sizes) // 3], sizes[2 * len(sizes) // 3])
    width = (_WIDTH - _LEFT - 8) / len(columns)
    parts = list(_cells(moves, rows, columns, width, bounds))
    bottom = _TOP + len(rows) * _HEIGHT_OF_ROW
    every = max(1, -(-len(columns) // _LABELS))
    for place in range(0, len(columns), every):
        x = _LEFT + (place + 0.5) * width
        parts.append(
            f'<text class="middle" x="{x:.1f}" y="{bottom + 16}">{text_of(columns[place])}</text>'
        )
    parts += _legend(bottom + 30, bounds)
    said = f"{len(sizes)} revisions by {len(rows)} releases; the largest is {percent(sizes[-1])}"
    return picture(
        parts, width=_WIDTH, height=bottom + 52, title=title, description=said, name=name
    )


def _cells(
    moves: Mapping[tuple[str, str], float | None],
    rows: Sequence[str],
    columns: Sequence[str],
    width: float,
    bounds: tuple[float, float],
) -> Iterator[str]:
    for line, vintage in enumerate(rows):
        y = _TOP + line * _HEIGHT_OF_ROW
        yield f'<text class="end" x="{_LEFT - 8}" y="{y + 15}">{text_of(vintage)}</text>'
        for place, period in enumerate(columns):
            told = f"{period}, {vintage}: "
            move = moves.get((vintage, period))
            there = (vintage, period) in moves
            told += "not in this release" if not there else percent(move) if move else "not revised"
            css = "none" if not there else shade(move or 0.0, bounds)
            yield (
                f'<rect class="cell {css}" x="{_LEFT + place * width:.1f}" y="{y}" width="{width:.1f}" '
                f'height="{_HEIGHT_OF_ROW}"><title>{text_of(told)}</title></rect>'
            )
            if move and width >= _ROOM_FOR_TEXT:
                letters = "on-dark" if css.endswith("3") else "on-light"
                x = _LEFT + (place + 0.5) * width
                yield f'<text class="middle {letters}" x="{x:.1f}" y="{y + 15}">{text_of(percent(move))}</text>'


def shade(move: float, bounds: tuple[float, float]) -> str:
    """
    Return the class of a colour: orange for decreases, violet for increases, in three strengths.
    """
    if move == 0:
        return "z"
    strength = 1 + sum(abs(move) >= bound for bound in bounds)
    return f"{'p' if move > 0 else 'n'}{strength}"


def _legend(y: float, bounds: tuple[float, float]) -> Iterator[str]:
    x = float(_LEFT)
    yield '<g class="legend">'
    for css, words in (
        (("n3", "n2", "n1"), "down"),
        (("z",), "not revised"),
        (("p1", "p2", "p3"), "up"),
    ):
        for one in css:
            yield f'<rect class="{one}" x="{x:.0f}" y="{y:.0f}" width="14" height="14"/>'
            x += 15
        yield f'<text x="{x + 5:.0f}" y="{y + 12:.0f}">{text_of(words)}</text>'
        x += 26 + 7 * len(words)
    low, high = map(percent, bounds)
    yield f'<text x="{x + 5:.0f}" y="{y + 12:.0f}">darker from {text_of(low)} and from {text_of(high)} on</text></g>'
