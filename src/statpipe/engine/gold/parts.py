"""The rows of a model, a part a year in which they were settled, and one of those that are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from statpipe.api import Model, Part, Partition, PluginError
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
    parts = []
    for year in years:
        rows = table.filter(pc.is_null(settled) if year is None else pc.equal(settled, year))
        parts.append(_part(year, prints[year], rows))
    return parts


def all_parts(model: Model, table: pa.Table, prints: Prints) -> list[Part]:
    """
    Divide the rows of a model into its parts.

    :raises PluginError: A row is settled in a year without a release.
    """
    parts = parts_of(model, table, prints, prints)
    if sum(part.rows for part in parts) != len(table):
        msg = (
            f"model {model.name}: {model.settled} has days in years without a release, though it is "
            "declared to say which release settled a row; correct the declaration"
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
    parts = tuple(
        part if part.identity in stay else _part(part.year, part.fingerprint, part.read())
        for part in held.parts
    )
    grain = held.model.grain if held.model else ()
    return Partition(
        key=held.key,
        table=whole(parts, grain),
        fingerprint=held.fingerprint,
        model=held.model,
        parts=parts,
    )


def _part(year: int | None, fingerprint: str, rows: pa.Table) -> Part:
    return Part(year=year, fingerprint=fingerprint, rows=len(rows), read=lambda: rows)


def _year_settled(model: Model, table: pa.Table) -> Any:
    """Give the year of the release that settled each row; null where that is still to come."""
    import pyarrow as pa
    import pyarrow.compute as pc

    days = table[model.settled]
    open_ = pc.equal(days, pa.scalar(FOREVER, pa.date32()))
    if model.settled == "realtime_end":
        numbers = pc.add(pc.if_else(open_, None, days).cast(pa.int32()), pa.scalar(1, pa.int32()))
        days = numbers.cast(pa.date32())
    return pc.if_else(open_, None, pc.year(days))
