"""Histories with changed figures for which the effect on rows is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import cycle
from typing import TYPE_CHECKING, Any

from statpipe.domain.printed import exact_type

if TYPE_CHECKING:
    import pyarrow as pa

Histories = Mapping[str, "pa.Table"]
Figure = Callable[[Mapping[str, Any], Decimal], Decimal | None]
"""A function from a cell and its figure to the new figure."""

CELL = ("ref_area", "category", "time_period")
_YEAR = re.compile(r"^\d{4}")
_AWAY = 400
_UNEVEN = tuple(map(Decimal, ("1.0123457", "0.9871239", "1.0045679", "0.9933331", "1.0078653")))


def with_figures(table: pa.Table, change: Figure) -> pa.Table:
    """
    Return a history with other figures. Missing figures stay missing.
    """
    import pyarrow as pa

    cells = table.select([*CELL, "obs_value"]).to_pylist()
    values = [None if one["obs_value"] is None else change(one, one["obs_value"]) for one in cells]
    return _with(table, "obs_value", pa.array(values, exact_type()))


def in_one(histories: Histories, source: str, change: Figure) -> dict[str, pa.Table]:
    """
    Return the histories with other figures for one source.
    """
    return {**histories, source: with_figures(histories[source], change)}


def uneven(histories: Histories) -> dict[str, pa.Table]:
    """
    Return figures with so many digits that a result of two of them uses all digits of its type.
    """
    factor = cycle(_UNEVEN)
    return {
        name: with_figures(table, lambda _, v: (v * next(factor)).quantize(Decimal("1e-12")))
        for name, table in histories.items()
    }


def negative(histories: Histories) -> dict[str, pa.Table]:
    """
    Return the same figures with the other sign.
    """
    return {name: with_figures(table, lambda _, v: -v) for name, table in histories.items()}


def in_three_ages(histories: Histories) -> dict[str, pa.Table]:
    """
    Return the histories together with copies for periods 400 years before and after.
    """
    import pyarrow as pa

    return {
        name: pa.concat_tables(
            [table, *(_moved(table, sign * _AWAY) for sign in (-1, 1))]
        ).unify_dictionaries()
        for name, table in histories.items()
    }


def last_period(histories: Histories) -> str:
    """
    Return the last period of which all sources have figures, or an empty text.
    """
    known = [set(table["time_period"].to_pylist()) for table in histories.values()]
    return max(set.intersection(*known), default="") if known else ""


def _moved(table: pa.Table, years: int) -> pa.Table:
    import pyarrow as pa

    texts = [
        _YEAR.sub(lambda y: f"{int(y[0]) + years:04}", t) for t in _texts(table, "time_period")
    ]
    kind = table.schema.field("time_period").type
    column = pa.array(texts, pa.string())
    if pa.types.is_dictionary(kind):
        column = column.dictionary_encode()
    table = _with(table, "time_period", column.cast(kind))
    for name in ("period_start", "period_end"):
        days = [day.replace(year=day.year + years) for day in table[name].to_pylist()]
        table = _with(table, name, pa.array(days, table.schema.field(name).type))
    return table


def _texts(table: pa.Table, name: str) -> list[str]:
    return [str(one) for one in table[name].to_pylist()]


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(place), column)
