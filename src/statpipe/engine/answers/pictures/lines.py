"""Figures over time: several series, or the vintages of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from attrs import field, frozen

from statpipe.engine.answers.pictures.svg import (
    SERIES,
    Scale,
    number,
    path,
    picture,
    steps,
    text_of,
)

_WIDTH, _HEIGHT = 720, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 16, 26, 34
_LABELS = 7
"""Periods labelled below the axis."""
_MOST_VINTAGES = 40
_WIDE, _NARROW = 7.2, 4.8
"""Room for a letter of the legend."""
_FEW = 60
"""If there are at most so many figures, the first release of each has a mark."""


@frozen(kw_only=True)
class Series:
    """
    Figures by the first day of their periods.
    """

    name: str
    figures: Mapping[date, float]


@frozen(kw_only=True)
class _Frame:
    """The positions of days and figures in the picture."""

    days: Sequence[date]
    names: Mapping[date, str]
    x: Scale
    y: Scale
    ticks: Sequence[float] = field(repr=False)

    def points(self, figures: Mapping[date, float]) -> list[tuple[float, float] | None]:
        return [
            (self.x.at(day.toordinal()), self.y.at(figures[day])) if day in figures else None
            for day in self.days
        ]

    def axes(self, unit: str) -> Iterator[str]:
        for tick in self.ticks:
            y = self.y.at(tick)
            css = "axis" if tick == 0 else "grid"
            yield f'<path class="{css}" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
            yield f'<text class="end" x="{_LEFT - 8}" y="{y + 4:.1f}">{number(tick)}</text>'
        yield f'<text x="8" y="14">{text_of(unit)}</text>'
        bottom = _HEIGHT - _BOTTOM
        yield f'<path class="axis" d="M{_LEFT} {bottom}H{_WIDTH - _RIGHT}"/>'
        every = max(1, -(-len(self.days) // _LABELS))
        for day in self.days[::every]:
            x = self.x.at(day.toordinal())
            yield f'<path class="axis" d="M{x:.1f} {bottom}v5"/>'
            yield f'<text class="middle" x="{x:.1f}" y="{bottom + 19}">{text_of(self.names[day])}</text>'


def _frame(every: Sequence[Mapping[date, float]], names: Mapping[date, str], right: int) -> _Frame:
    days = sorted({day for figures in every for day in figures})
    values = [value for figures in every for value in figures.values()]
    ticks = steps(min(values), max(values))
    inset = 12
    x = Scale(
        low=days[0].toordinal(),
        high=days[-1].toordinal(),
        start=_LEFT + inset,
        end=_WIDTH - right - inset,
    )
    y = Scale(low=ticks[0], high=ticks[-1], start=_HEIGHT - _BOTTOM, end=_TOP)
    return _Frame(days=days, names=names, x=x, y=y, ticks=ticks)


def lines(
    series: Sequence[Series], names: Mapping[date, str], unit: str, title: str, name: str = "lines"
) -> str:
    """
    Draw series, at most six, each with its name at its end. *names* are the periods by their first day.
    """
    shown = [one for one in series if one.figures][:SERIES]
    if not shown:
        return ""
    several = len(shown) > 1
    right = _RIGHT + (8 + 7 * max(len(one.name) for one in shown) if several else 0)
    frame = _frame([one.figures for one in shown], names, min(right, _WIDTH // 3))
    parts = [*frame.axes(unit)]
    parts += [path(frame.points(one.figures), f"line s{place}") for place, one in enumerate(shown)]
    if several:
        parts += _names_at_the_end(frame, shown)
    said = "; ".join(_said(one, names) for one in shown)
    return picture(parts, width=_WIDTH, height=_HEIGHT, title=title, description=said, name=name)


def fan(
    vintages: Sequence[Series], names: Mapping[date, str], unit: str, title: str, name: str = "fan"
) -> str:
    """
    Draw the vintages of one series, oldest first: the latest as a strong line, earlier ones pale,
    and the first release of each figure as a ring.
    """
    kept = [one for one in vintages if one.figures]
    if not kept:
        return ""
    every = max(1, -(-len(kept) // _MOST_VINTAGES))
    shown = kept[::-1][::every][::-1]
    frame = _frame([one.figures for one in kept], names, _RIGHT)
    parts = [*frame.axes(unit)]
    parts += [path(frame.points(one.figures), "old") for one in shown[:-1]]
    parts.append(path(frame.points(shown[-1].figures), "line s0"))
    first: dict[date, float] = {}
    for one in kept:
        first = {**one.figures, **first}
    rings = frame.points(first) if len(first) <= _FEW else []
    parts += [_ring(*point) for point in rings if point is not None]
    parts += _legend(kept, has_rings=bool(rings))
    said = f"{len(kept)} vintages, from {kept[0].name} to {kept[-1].name}. Latest: {_said(kept[-1], names)}"
    return picture(parts, width=_WIDTH, height=_HEIGHT, title=title, description=said, name=name)


def _ring(x: float, y: float) -> str:
    return f'<circle class="first" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'


def _legend(vintages: Sequence[Series], *, has_rings: bool) -> Iterator[str]:
    """Draw the legend of the strong line, the pale ones and the rings in the upper right corner."""
    entries = [(f"release {vintages[-1].name}", '<path class="line s0" d="M{} 10h18"/>')]
    if vintages[1:]:
        earlier = vintages[0].name if len(vintages) == 2 else "earlier releases"  # noqa: PLR2004
        entries.append((earlier, '<path class="old" d="M{} 10h18"/>'))
    if has_rings:
        entries.append(("first release", _ring(-9, 10).replace('cx="-9.0"', 'cx="{}"')))
    x = _WIDTH - _RIGHT - sum(_room(text) for text, _ in entries)
    yield '<g class="legend">'
    for text, sign in entries:
        yield sign.format(x + (9 if "circle" in sign else 0))
        yield f'<text x="{x + 24:.1f}" y="14">{text_of(text)}</text>'
        x += _room(text)
    yield "</g>"


def _room(text: str) -> float:
    return 24 + sum(_NARROW if sign in "fijlrst -" else _WIDE for sign in text) + 12


def _names_at_the_end(frame: _Frame, shown: Sequence[Series]) -> Iterator[str]:
    """Write each line's name at its end, without overlaps."""
    ends = []
    for place, one in enumerate(shown):
        last = max(one.figures)
        ends.append((frame.y.at(one.figures[last]), place, frame.x.at(last.toordinal())))
    below = 0.0
    for y, place, x in sorted(ends):
        at = max(y, below + 14) if below else y
        below = at
        yield f'<circle class="dot d{place}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        yield f'<text class="strong" x="{x + 9:.1f}" y="{at + 4:.1f}">{text_of(shown[place].name)}</text>'


def _said(one: Series, names: Mapping[date, str]) -> str:
    first, last = min(one.figures), max(one.figures)
    ends = " to ".join(f"{number(one.figures[day])} in {names[day]}" for day in (first, last))
    return f"{one.name}: {ends}" if one.name else ends
