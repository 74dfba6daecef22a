"""The rows of a model, a part a year in which they were settled, and one of those that are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import attrs

from statpipe.api import Model, Part, Partition, PluginError
from statpipe.domain.canonical import canonical
from statpipe.domain.codes import one_array
from statpipe.domain.history import day_after
from statpipe.domain.in_order import put_together
from statpipe.domain.period import FOREVER

if TYPE_CHECKING:
    import pyarrow as pa

Prints = dict[int | None, str]
"""The fingerprint of each part of a model, by its year; ``None`` is the part of all other rows."""


def parts_of(
    model: Model, table: pa.Table, prints: Prints, years: Iterable[int | None]
) -> list[Part]:
    """
    Take the parts of some years out of a model's rows.
    """
    import pyarrow.compute as pc

    settled = _year_settled(model, table)
    counts = {one["values"]: one["counts"] for one in pc.value_counts(settled).to_pylist()}
    return [
        Part(
            year=year,
            fingerprint=prints[year],
            rows=counts.get(year, 0),
            read=partial(_of_year, table, settled, year),
        )
        for year in years
    ]


def _of_year(table: pa.Table, settled: Any, year: int | None) -> pa.Table:
    import pyarrow.compute as pc

    rows = table.filter(pc.is_null(settled) if year is None else pc.equal(settled, year))
    return canonical(rows)  # the same bytes, whatever table they are taken out of


def all_parts(model: Model, table: pa.Table, prints: Prints) -> list[Part]:
    """
    Divide the rows of a model into its parts.

    :raises PluginError: A row is settled in a year without a release.
    """
    parts = parts_of(model, table, prints, prints)
    if sum(part.rows for part in parts) != len(table):
        msg = (
            f"model {model.name}: {model.settled} has dates in years without a release, so it "
            "cannot be the release that settled a row; correct the declaration"
        )
        raise PluginError(msg)
    return parts


def whole(parts: Sequence[Part], grain: Sequence[str]) -> Callable[[], pa.Table]:
    """
    Return what puts the parts together when it is first called.
    """
    return cache(lambda: put_together([part.read() for part in parts], grain))


def at_hand(held: Partition, staying: Sequence[Part]) -> Partition:
    """
    Read the parts of what is held that will not stay there.

    :raises ContentError: One of them is damaged.
    """
    if not held.parts:
        return held
    stay = {part.identity for part in staying}
    parts = tuple(part if part.identity in stay else _at_hand(part) for part in held.parts)
    grain = held.model.grain if held.model else ()
    return attrs.evolve(held, table=whole(parts, grain), parts=parts)


def _at_hand(part: Part) -> Part:
    rows = part.read()
    return attrs.evolve(part, read=lambda: rows)


def _year_settled(model: Model, table: pa.Table) -> Any:
    """Give the year of the release that settled each row; null where that is still to come."""
    import pyarrow as pa
    import pyarrow.compute as pc

    days = table[model.settled]
    if model.settled == "realtime_end":
        days = day_after(days)
    open_ = pc.equal(days, pa.scalar(FOREVER, pa.date32()))
    return one_array(pc.year(pc.if_else(open_, None, days)).cast(pa.int16()))
