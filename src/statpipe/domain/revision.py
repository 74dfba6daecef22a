"""What a vintage did to the figures that were believed before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from statpipe.domain.canonical import FIGURES
from statpipe.domain.codes import encoded
from statpipe.domain.dataset import Dataset
from statpipe.domain.difference import difference
from statpipe.domain.vintage import Vintage

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN_MOVES = 10
"""How many of the largest revisions are named."""


@frozen(kw_only=True)
class Movement:
    """
    How far figures moved: sizes of the changes in per cent of the old figures' sizes.

    ``compared`` counts the cells that there were before as well, ``revised`` those that say
    something else now: another figure, status or mark. The percentages are those of figures that
    moved, and ``None`` where no such cell had a figure other than zero before.
    """

    compared: int
    revised: int
    median_percent: float | None = None
    p95_percent: float | None = None
    largest_percent: float | None = None


@frozen(kw_only=True)
class Revision:
    """
    A vintage against what was believed before it.

    ``since`` is the vintage before, empty if this is the first. ``dropped`` counts cells that it was
    asked for and does not hold. ``by_area`` holds the areas of which something was revised;
    ``largest`` the cells that moved farthest, figures as exact text.
    """

    dataset: str
    vintage: str
    since: str
    cells: int
    added: int
    dropped: int
    overall: Movement
    by_area: Mapping[str, Movement] = field(factory=dict, repr=False)
    largest: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def revised(self) -> int:
        """
        How many cells say something else than before.
        """
        return self.overall.revised

    @property
    def in_words(self) -> str:
        """
        The revision in one line.
        """
        name = f"{self.dataset} {self.vintage}"
        if not self.since:
            return f"{name}, the first: {self.cells:,} cells"
        moved = self.overall
        sizes = (
            f" (median {percent(moved.median_percent)}, 95th percentile "
            f"{percent(moved.p95_percent)}, largest {percent(moved.largest_percent)})"
            if moved.largest_percent is not None
            else ""
        )
        return (
            f"{name} since {self.since}: {self.added:,} cells added, {self.revised:,} of "
            f"{moved.compared:,} revised{sizes}, {self.dropped:,} dropped"
        )


def percent(value: float | None) -> str:
    """
    Write a percentage for people.
    """
    if value is None:
        return "-"
    return f"{value:,.2f} %" if value >= 0.01 or value == 0 else f"{value:.2g} %"  # noqa: PLR2004


def revision_of(
    before: pa.Table | None, after: pa.Table, dataset: Dataset, vintage: Vintage, since: str
) -> Revision:
    """
    Compare a vintage's Silver with what was believed before it, likewise as Silver.
    """
    names = [*dict.fromkeys((*dataset.key, *FIGURES, "category_name"))]
    new = after.select(names)
    old = vintage.selection.rows_of(before if before is not None else after.slice(0, 0))
    # Titles are told, not compared: they may be corrected freely.
    found = difference(
        old.select(names).drop(["category_name"]), new.drop(["category_name"]), dataset.key
    )
    sizes = _sizes(found.replaced, found.changed)
    compared = len(new) - len(found.added)
    return Revision(
        dataset=dataset.name,
        vintage=vintage.id,
        since=since,
        cells=len(new),
        added=len(found.added),
        dropped=len(found.removed),
        overall=_movement(compared, sizes),
        by_area=_by_area(old, found.removed, found.changed, sizes),
        largest=_largest(found.replaced, found.changed, sizes, _titles(after)),
    )


def _sizes(old: pa.Table, new: pa.Table) -> pa.Array:
    """
    Give the size of each change in per cent of the old figure's; null where there is none, as where
    only a status or mark changed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    was, now = (table["obs_value"].combine_chunks().cast(pa.float64()) for table in (old, new))
    # The difference is taken exactly: doubles of twenty digits would round it away.
    moved = pc.subtract(new["obs_value"], old["obs_value"]).combine_chunks().cast(pa.float64())
    base = pc.if_else(pc.equal(was, 0.0), pa.nulls(len(was), pa.float64()), was)
    sizes = pc.multiply(pc.divide(pc.abs(moved), pc.abs(base)), 100.0)
    there = pc.and_(pc.is_valid(now), pc.not_equal(moved, 0.0))
    return pc.if_else(there, sizes, pa.nulls(len(now), pa.float64()))


def _movement(compared: int, sizes: pa.Array) -> Movement:
    import pyarrow.compute as pc

    if sizes.null_count == len(sizes):
        return Movement(compared=compared, revised=len(sizes))
    median, high = pc.quantile(sizes, [0.5, 0.95]).to_pylist()
    return Movement(
        compared=compared,
        revised=len(sizes),
        median_percent=median,
        p95_percent=high,
        largest_percent=pc.max(sizes).as_py(),
    )


def _by_area(
    old: pa.Table, removed: pa.Table, changed: pa.Table, sizes: pa.Array
) -> dict[str, Movement]:
    import pyarrow.compute as pc

    def counted(table: pa.Table) -> dict[str, int]:
        counts = pc.value_counts(encoded(table["ref_area"]).cast("string")).to_pylist()
        return {entry["values"]: entry["counts"] for entry in counts}

    there, gone, revised = counted(old), counted(removed), counted(changed)
    areas = encoded(changed["ref_area"]).cast("string")
    return {
        area: _movement(there[area] - gone.get(area, 0), sizes.filter(pc.equal(areas, area)))
        for area in sorted(revised, key=lambda area: (-revised[area], area))
    }


def _largest(
    old: pa.Table, new: pa.Table, sizes: pa.Array, titles: Mapping[str, str]
) -> tuple[Mapping[str, Any], ...]:
    import pyarrow.compute as pc

    order = pc.sort_indices(sizes, sort_keys=[("", "descending")])[:SHOWN_MOVES]
    was, now, moved = (part.take(order).to_pylist() for part in (old, new, sizes))
    return tuple(
        {
            "ref_area": after["ref_area"],
            "category": after["category"],
            "category_name": titles.get(after["category"], ""),
            "time_period": after["time_period"],
            "old": _shown(before),
            "new": _shown(after),
            "percent": None if size is None else round(size, 4),
        }
        for before, after, size in zip(was, now, moved, strict=True)
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
