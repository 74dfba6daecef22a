"""Which part of a dataset was requested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.domain.period import in_one_form

if TYPE_CHECKING:
    import pyarrow as pa


def _codes(value: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(sorted(set(value)))


def _periods(value: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if value is None else _codes(map(in_one_form, value))


def _where(given: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(sorted(set(given[name]))) for name in sorted(given)}


@frozen(kw_only=True)
class Selection:
    """
    The requested areas, categories and periods; ``None`` means all of them. ``where`` has the
    requested codes of other columns of the key: dimensions, or ``freq``.

    Periods may be given in any common spelling, and are stored in Silver's form: ``2023M01``
    becomes ``2023-01``.

    Cells outside a selection were not requested, so their absence means nothing: neither a deletion
    nor a gap.
    """

    areas: tuple[str, ...] | None = field(default=None, converter=_codes)
    categories: tuple[str, ...] | None = field(default=None, converter=_codes)
    periods: tuple[str, ...] | None = field(default=None, converter=_periods)
    where: Mapping[str, tuple[str, ...]] = field(factory=dict, converter=_where, hash=False)

    def covers(self, other: Selection) -> bool:
        """
        Return whether this selection includes everything in *other*.
        """
        pairs = (
            (self.areas, other.areas),
            (self.categories, other.categories),
            (self.periods, other.periods),
            *((codes, other.where.get(name)) for name, codes in self.where.items()),
        )
        return all(
            mine is None or (theirs is not None and set(theirs) <= set(mine))
            for mine, theirs in pairs
        )

    def holds(self, table: pa.Table) -> pa.ChunkedArray:
        """
        Mark the rows of an observation table that are inside this selection.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        inside = pa.chunked_array([pa.repeat(True, len(table))])
        columns = (
            ("ref_area", self.areas),
            ("category", self.categories),
            ("time_period", _as_spelled(table, self.periods)),
            *self.where.items(),
        )
        for name, codes in columns:
            if codes is not None:
                wanted = pa.array(codes, pa.string())
                among = pc.is_in(table[name].cast(pa.string()), value_set=wanted)
                inside = pc.and_(inside, among)
        return inside

    def rows_of(self, table: pa.Table) -> pa.Table:
        """
        Return the rows of an observation table that are inside this selection.
        """
        return table if self == EVERYTHING else table.filter(self.holds(table))


def _as_spelled(table: pa.Table, periods: Sequence[str] | None) -> Sequence[str] | None:
    """
    Return the periods as spelled in the table: a normalizer's table may have any common spelling.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if periods is None:
        return None
    texts = pc.unique(table["time_period"].cast(pa.string())).to_pylist()
    return [text for text in texts if text is not None and in_one_form(text) in periods]


EVERYTHING = Selection()
