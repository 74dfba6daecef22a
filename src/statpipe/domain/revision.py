"""How a vintage changed the figures known before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from statpipe.domain.canonical import FIGURES
from statpipe.domain.code_changes import CodeChanges, code_changes
from statpipe.domain.codes import codes_or_values, encoded
from statpipe.domain.dataset import Dataset
from statpipe.domain.difference import difference
from statpipe.domain.printed import DECIMAL_DIGITS, DECIMAL_PLACES
from statpipe.domain.vintage import Vintage

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN_MOVES = 10
"""How many of the largest revisions are listed."""


_UNIT = ("unit_measure", "unit_mult")


@frozen(kw_only=True)
class Movement:
    """
    How far figures moved: sizes of the changes, without a sign, in per cent of the old figures' sizes.

    ``compared`` counts the cells that also existed before; ``revised`` counts those with another
    figure, unit, status or symbol. The percentages are those of changed figures, and ``None`` if no
    such cell had a figure other than zero before.
    """

    compared: int
    revised: int
    median_percent: float | None = None
    p95_percent: float | None = None
    largest_percent: float | None = None


def _with_signs(moves: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Add the sign of decreases for older manifests, which only recorded sizes."""
    return tuple(
        {**move, "percent": -move["percent"]}
        if (move.get("percent") or 0) > 0 and _fell(move["old"], move["new"])
        else move
        for move in moves
    )


def _fell(old: str, new: str) -> bool:
    try:
        was, now = (Decimal(text.partition(" ")[0]) for text in (old, new))  # a symbol may follow
    except InvalidOperation:
        return False
    return now < was


@frozen(kw_only=True)
class Revision:
    """
    A vintage compared with the figures known before it.

    ``since`` is the earlier release that its figures are compared with. ``since_also`` names the
    releases before that one from which some cells come, newest first. ``since`` is the vintage's
    own name if an extension or another reading of it is only compared with what was held of it
    before, and empty if there was nothing to compare with. ``dated_by`` says who dates the vintage,
    if not the agency. ``dropped`` counts requested cells that the vintage lacks. ``by_area`` has
    the areas with revisions.

    ``largest`` has the cells with the largest changes: figures as exact text, and ``percent``, the
    change in per cent of the old figure's size, negative for a decrease, as in the Gold model of
    revisions. It is ``None`` if a figure is missing, the old one is zero, or the unit changed.
    ``codes`` lists new, removed and renamed codes; it is empty for a first release.
    """

    dataset: str
    vintage: str
    since: str
    cells: int
    added: int
    dropped: int
    overall: Movement
    by_area: Mapping[str, Movement] = field(factory=dict, repr=False)
    largest: tuple[Mapping[str, Any], ...] = field(default=(), repr=False, converter=_with_signs)
    since_also: tuple[str, ...] = ()
    codes: tuple[CodeChanges, ...] = ()
    dated_by: str = ""

    @property
    def revised(self) -> int:
        """
        The number of revised cells.
        """
        return self.overall.revised

    @property
    def in_words(self) -> str:
        """
        The revision in one line.
        """
        name = f"{self.dataset} {self.vintage}" + (f" ({self.dated_by})" if self.dated_by else "")
        if not self.since:
            return f"{name}: first release, {counted(self.cells, 'figure')}"
        moved = self.overall
        sizes = (
            f" (median {percent(moved.median_percent)}, 95th percentile "
            f"{percent(moved.p95_percent)}, largest {percent(moved.largest_percent)})"
            if moved.largest_percent is not None
            else ""
        )
        figures = (
            f"{name} since {self._before}: {counted(self.added, 'cell')} added, {self.revised:,} of "
            f"{moved.compared:,} revised{sizes}, {self.dropped:,} dropped"
        )
        return "; ".join([figures, *(one.in_words for one in self.codes)])

    @property
    def _before(self) -> str:
        if self.since == self.vintage:
            return "the last reading of the same release"
        *first, last = (self.since, *self.since_also)
        return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, noun: str) -> str:
    """
    Return a number with its noun: ``1 figure``, ``33,120 figures``.
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(value: float | None) -> str:
    """
    Return a percentage for people: with two decimals, or with two digits if two decimals would show
    zero. Decreases have a minus.
    """
    if value is None:
        return "-"
    if abs(value) >= 0.01 or value == 0:  # noqa: PLR2004
        return f"{value + 0.0:,.2f} %"
    return f"{Decimal(f'{value:.2g}'):f} %"


def revision_of(  # noqa: PLR0917 - what is compared, and the names of both sides
    before: pa.Table | None,
    after: pa.Table,
    dataset: Dataset,
    vintage: Vintage,
    since: str,
    since_also: tuple[str, ...] = (),
) -> Revision:
    """
    Compare a vintage's Silver with the figures known before it, also as Silver.
    """
    first = Revision(
        dataset=dataset.name,
        vintage=vintage.id,
        since=since,
        since_also=since_also,
        dated_by=vintage.dated_by,
        cells=len(after),
        added=len(after),
        dropped=0,
        overall=Movement(compared=0, revised=0),
    )
    if before is None:
        return first
    names = [*dict.fromkeys((*dataset.key, *FIGURES, *_UNIT, "category_name"))]
    new = after.select(names)
    old = vintage.selection.rows_of(before)
    # Titles are reported, not compared: they may be corrected freely.
    found = difference(
        old.select(names).drop(["category_name"]), new.drop(["category_name"]), dataset.key
    )
    replaced, changed, removed, added = (
        found.replaced,
        found.changed,
        found.removed,
        len(found.added),
    )
    changes = _changes(replaced, changed)
    return attrs.evolve(
        first,
        added=added,
        dropped=len(removed),
        overall=_movement(len(new) - added, changes),
        by_area=_by_area(old, removed, changed, changes),
        largest=_largest(replaced, changed, changes, _titles(after)),
        codes=_codes(before, after, vintage) if since else (),
    )


def _codes(before: pa.Table, after: pa.Table, vintage: Vintage) -> tuple[CodeChanges, ...]:
    import pyarrow.compute as pc

    elsewhere = before.filter(pc.invert(vintage.selection.holds(before)))
    return code_changes(before, after, elsewhere)


def _changes(old: pa.Table, new: pa.Table) -> pa.Array:
    """
    Return each change in per cent of the old figure's size, as in the Gold model of revisions.

    It is null if a figure is missing, the old one is zero, or the unit changed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    was = _doubles(old["obs_value"])
    # Compute the difference exactly: doubles would lose it for twenty digits. It has one digit
    # more.
    wider = pa.decimal256(DECIMAL_DIGITS + 1, DECIMAL_PLACES)
    moved = _doubles(pc.subtract(*(one["obs_value"].cast(wider) for one in (new, old))))
    comparable = pc.not_equal(was, 0.0)
    for name in _UNIT:
        was_in, is_in = (codes_or_values(table[name]) for table in (old, new))
        comparable = pc.and_(comparable, pc.equal(was_in, is_in))
    changes = pc.divide(pc.multiply(moved, 100.0), pc.abs(was))
    return pc.if_else(comparable, changes, pa.nulls(len(was), pa.float64()))


def _doubles(decimals: pa.ChunkedArray) -> pa.Array:
    """
    Return the nearest doubles, as databases do. Arrow's own cast is off by one digit for some.
    """
    import pyarrow as pa

    return decimals.cast(pa.string()).cast(pa.float64()).combine_chunks()


def _sizes(changes: pa.Array) -> pa.Array:
    """Return the sizes of the changes that changed a figure."""
    import pyarrow.compute as pc

    moved = pc.fill_null(pc.not_equal(changes, 0.0), fill_value=False)
    return pc.abs(changes.filter(moved))


def _movement(compared: int, changes: pa.Array) -> Movement:
    import pyarrow.compute as pc

    sizes = _sizes(changes)
    if not len(sizes):
        return Movement(compared=compared, revised=len(changes))
    median, high = pc.quantile(sizes, [0.5, 0.95]).to_pylist()
    return Movement(
        compared=compared,
        revised=len(changes),
        median_percent=median,
        p95_percent=high,
        largest_percent=pc.max(sizes).as_py(),
    )


def _by_area(
    old: pa.Table, removed: pa.Table, changed: pa.Table, changes: pa.Array
) -> dict[str, Movement]:
    import pyarrow.compute as pc

    def by_area(table: pa.Table) -> dict[str, int]:
        counts = pc.value_counts(encoded(table["ref_area"]).cast("string")).to_pylist()
        return {entry["values"]: entry["counts"] for entry in counts}

    there, gone, revised = by_area(old), by_area(removed), by_area(changed)
    areas = encoded(changed["ref_area"]).cast("string")
    return {
        area: _movement(there[area] - gone.get(area, 0), changes.filter(pc.equal(areas, area)))
        for area in sorted(revised, key=lambda area: (-revised[area], area))
    }


def _largest(
    old: pa.Table, new: pa.Table, changes: pa.Array, titles: Mapping[str, str]
) -> tuple[Mapping[str, Any], ...]:
    import pyarrow.compute as pc

    order = pc.sort_indices(pc.abs(changes), sort_keys=[("", "descending")])[:SHOWN_MOVES]
    was, now, moved = (part.take(order).to_pylist() for part in (old, new, changes))
    return tuple(
        {
            "ref_area": after["ref_area"],
            "category": after["category"],
            "category_name": titles.get(after["category"], ""),
            "time_period": after["time_period"],
            "old": _shown(before),
            "new": _shown(after),
            "percent": percents,
        }
        for before, after, percents in zip(was, now, moved, strict=True)
    )


def _titles(table: pa.Table) -> dict[str, str]:
    pairs = table.select(["category", "category_name"]).group_by(["category", "category_name"])
    listed = pairs.aggregate([]).to_pylist()
    return {pair["category"]: pair["category_name"] for pair in listed}


def _shown(row: Mapping[str, Any]) -> str:
    value = row["obs_value"]
    if value is None:
        return str(row["source_symbol"] or row["obs_status"])
    text = f"{value:f}"
    plain = text.rstrip("0").rstrip(".") if "." in text else text
    return " ".join(filter(None, (plain, row["source_symbol"])))
