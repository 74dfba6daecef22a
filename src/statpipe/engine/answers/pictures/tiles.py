"""The US states as tiles of equal size, each roughly in its place, so that small states are as
visible as large ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from statpipe.engine.answers.pictures.svg import number, picture, text_of

_MAP = """
AK .. .. .. .. .. .. .. .. .. ME
.. .. .. .. .. .. .. .. .. VT NH
WA ID MT ND MN IL WI MI NY RI MA
OR NV WY SD IA IN OH PA NJ CT ..
CA UT CO NE MO KY WV VA MD DE ..
.. AZ NM KS AR TN NC SC DC .. ..
.. .. .. OK LA MS AL GA .. .. ..
HI .. .. TX .. .. .. .. FL .. ..
"""
PLACES = {
    code: (column, line)
    for line, row in enumerate(_MAP.split("\n")[1:-1])
    for column, code in enumerate(row.split())
    if code != ".."
}
"""Column and row of each state, by its USPS code."""
FEWEST = 30
"""With fewer states, a map is mostly holes."""

_SIDE, _GAP, _CLASSES = 56, 4, 5
_DARK = 3
"""From this class on, letters are white."""


def tile_map(figures: Mapping[str, float], unit: str, title: str, name: str = "tiles") -> str:
    """
    Draw a figure for each state, by USPS code, in five classes of equally many states; nothing if
    too few are known.
    """
    known = {code: value for code, value in figures.items() if code in PLACES}
    if len(known) < FEWEST:
        return ""
    ordered = sorted(known.values())
    bounds = [ordered[len(ordered) * place // _CLASSES] for place in range(1, _CLASSES)]
    parts = []
    for code, (column, line) in PLACES.items():
        x, y = column * (_SIDE + _GAP) + 30, line * (_SIDE + _GAP) + 8
        value = known.get(code)
        rank = None if value is None else sum(value >= bound for bound in bounds)
        css = "none" if rank is None else f"q{rank}"
        letters = "on-dark" if rank is not None and rank >= _DARK else "on-light"
        told = f"{code}: {number(value)} {unit}" if value is not None else f"{code}: no figure"
        parts.append(
            f'<g><title>{text_of(told)}</title><rect class="{css}" x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" rx="5"/>'
            f'<text class="strong middle {letters if rank is not None else ""}" x="{x + _SIDE / 2}" y="{y + 25}">{code}</text>'
            f'<text class="middle {letters if rank is not None else ""}" x="{x + _SIDE / 2}" y="{y + 43}">{_short(value)}</text></g>'
        )
    height = 8 * (_SIDE + _GAP) + 8
    parts += _legend(bounds, height + 6)
    low, high = (pick(known, key=known.__getitem__) for pick in (min, max))
    said = f"{len(known)} states; {low} is lowest with {number(known[low])}, {high} highest with {number(known[high])}; {unit}"
    return picture(parts, width=720, height=height + 30, title=title, description=said, name=name)


def _legend(bounds: list[float], y: float) -> list[str]:
    parts, x = [], 30.0
    for place in range(_CLASSES):
        words = f"below {_short(bounds[0])}" if place == 0 else f"from {_short(bounds[place - 1])}"
        parts.append(f'<rect class="q{place}" x="{x:.0f}" y="{y}" width="14" height="14"/>')
        parts.append(f'<text x="{x + 19:.0f}" y="{y + 12}">{text_of(words)}</text>')
        x += 40 + 9 * len(words)
    return parts


def _short(value: float | None) -> str:
    """Write a number in about five characters."""
    if value is None:
        return ""
    size = abs(value)
    for least, letter in ((1e12, "T"), (1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if size >= least * 10:
            return f"{value / least:,.0f}{letter}"
        if size >= least:
            return f"{value / least:,.1f}{letter}"
    return number(round(value, 2 if size < 10 else 1))  # noqa: PLR2004 - two digits before the point
