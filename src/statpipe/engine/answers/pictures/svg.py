"""What all pictures share: escaped text, scales, axes, colours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from attrs import frozen

from statpipe.domain.visible import visible

STYLE = """
.picture text{font-family:system-ui,Roboto,Arial,"Liberation Sans","DejaVu Sans",sans-serif;font-size:12px;fill:#333}
.picture .strong{font-weight:600}
.picture .end{text-anchor:end}
.picture .middle{text-anchor:middle}
.picture .grid{stroke:#ddd;stroke-width:1}
.picture .axis{stroke:#888;stroke-width:1}
.picture .line{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
.picture .old{fill:none;stroke:#999;stroke-width:1.1;stroke-linejoin:round}
.picture .first{fill:#fff;stroke:#b34700;stroke-width:1.6}
.picture .s0{stroke:#1c5fa8}.picture .s1{stroke:#b34700}.picture .s2{stroke:#1b7a4b}
.picture .s3{stroke:#7b3fa0}.picture .s4{stroke:#8a6d00}.picture .s5{stroke:#555}
.picture .dot{stroke:none}
.picture .d0{fill:#1c5fa8}.picture .d1{fill:#b34700}.picture .d2{fill:#1b7a4b}
.picture .d3{fill:#7b3fa0}.picture .d4{fill:#8a6d00}.picture .d5{fill:#555}
.picture .cell{stroke:#fff;stroke-width:1}
.picture .none{fill:#f2f2f2}
.picture .n3{fill:#b35806}.picture .n2{fill:#e08f3c}.picture .n1{fill:#f7cf9a}.picture .z{fill:#e6e6e6}
.picture .p1{fill:#c6c0e0}.picture .p2{fill:#8f82bd}.picture .p3{fill:#542788}
.picture .q0{fill:#deebf7}.picture .q1{fill:#b3d2ea}.picture .q2{fill:#73b0da}.picture .q3{fill:#2270ab}.picture .q4{fill:#0b4a8a}
.picture .on-dark{fill:#fff}.picture .on-light{fill:#222}
"""
DARK = """
.picture text{fill:#ddd}
.picture .grid{stroke:#3a3f45}.picture .axis{stroke:#888}.picture .old{stroke:#777}
.picture .first{fill:#16191d;stroke:#ff9d5c}
.picture .s0{stroke:#76b3f5}.picture .s1{stroke:#ff9d5c}.picture .s2{stroke:#6fcf97}
.picture .s3{stroke:#c99bea}.picture .s4{stroke:#e0c04d}.picture .s5{stroke:#bbb}
.picture .d0{fill:#76b3f5}.picture .d1{fill:#ff9d5c}.picture .d2{fill:#6fcf97}
.picture .d3{fill:#c99bea}.picture .d4{fill:#e0c04d}.picture .d5{fill:#bbb}
.picture .cell{stroke:#16191d}.picture .none{fill:#24282d}.picture .z{fill:#4a4f55}
.picture .on-dark{fill:#fff}.picture .on-light{fill:#222}
"""
"""The dark colours, for readers who prefer them."""

SERIES = 6
"""How many series have a colour of their own."""


@frozen(kw_only=True)
class Scale:
    """
    Numbers along one side of a picture.
    """

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """
        Return the place of a number.
        """
        span = self.high - self.low
        share = 0.5 if span == 0 else (value - self.low) / span
        return self.start + share * (self.end - self.start)


def text_of(value: object) -> str:
    """
    Return a text that is safe in XML and visible to people.
    """
    return escape(visible(str(value)), {'"': "&quot;"})


_LAST_PLACE = 1e-18
"""The smallest difference of figures: they have at most 18 decimal places."""


def steps(low: float, high: float, count: int = 5) -> list[float]:
    """
    Return about so many round numbers, from below the lowest to above the highest.
    """
    if high - low <= max(max(abs(low), abs(high)) * 1e-9, _LAST_PLACE):
        below, above = (abs(end) if abs(end) > _LAST_PLACE else 1.0 for end in (low, high))
        low, high = low - below / 2, high + above / 2
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def number(value: float) -> str:
    """
    Write a number on an axis, with thousands separators and without zeros after the point.
    """
    if value != 0 and (abs(value) >= 1e15 or abs(value) < 1e-4):  # noqa: PLR2004 - too long, or all zeros
        return f"{value:.3g}"
    text = f"{value:,.4f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def picture(
    parts: Iterable[str], *, width: int, height: int, title: str, description: str, name: str
) -> str:
    """
    Return a picture. *title* and *description* are for screen readers; *name* makes its ids unique.
    """
    inside = "\n".join(parts)
    return (
        f'<svg class="picture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'role="img" aria-labelledby="{name}-title {name}-text">\n'
        f'<title id="{name}-title">{text_of(title)}</title>\n<desc id="{name}-text">{text_of(description)}</desc>\n{inside}\n</svg>'
    )


def standing_alone(svg: str, title: str = "") -> str:
    """
    Return a picture as a separate file, with a background and all colours.
    """
    dark = f"@media (prefers-color-scheme:dark){{.picture .paper{{fill:#16191d}}{DARK}}}"
    style = f"<style>.picture .paper{{fill:#fff}}{STYLE}{dark}</style>"
    head, _, rest = svg.partition("\n")
    box = head.partition('viewBox="0 0 ')[2].partition('"')[0]
    width, height = box.split()
    above = 28 if title else 0
    head = head.replace(f"0 0 {box}", f"0 {-above} {width} {int(height) + above}").replace(
        "<svg ", f'<svg width="{width}" height="{int(height) + above}" '
    )
    paper = (
        f'<rect class="paper" x="0" y="{-above}" width="{width}" height="{int(height) + above}"/>'
    )
    words = f'<text class="strong" x="12" y="-9">{text_of(title)}</text>' if title else ""
    return f"{head}\n{style}\n{paper}\n{words}{rest}\n"


def path(points: Sequence[tuple[float, float] | None], css: str) -> str:
    """
    Draw a line through points; ``None`` is a gap. A point alone becomes a dot.
    """
    drawn, pen = [], False
    for place, point in enumerate(points):
        if point is None:
            pen = False
            continue
        x, y = point
        after = points[place + 1] if place + 1 < len(points) else None
        alone = not pen and after is None
        drawn.append(f"{'L' if pen else 'M'}{x:.1f} {y:.1f}" + ("h.01" if alone else ""))
        pen = True
    return f'<path class="{css}" d="{"".join(drawn)}"/>' if drawn else ""
