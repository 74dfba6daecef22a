"""Tables in the form for comparisons: a figure and its status under each key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from statpipe.domain.observation import CELL

if TYPE_CHECKING:
    import pyarrow as pa

Key = tuple[str, ...]
Cells = Mapping[Key, tuple[Decimal | None, str]]
"""Key in the order of :attr:`statpipe.api.Dataset.key` -> figure and obs_status."""

_SHOWN = 3
_GROUPING = r"[.,'\u2019\s]"
"""Characters that agencies put between thousands and around figures."""


def cells_of(sealed: pa.Table) -> dict[Key, tuple[Decimal | None, str]]:
    """
    Return the figures of a sealed table.
    """
    names = [*CELL, "obs_value", "obs_status"]
    rows: list[tuple[Any, ...]] = list(zip(*(sealed[n].to_pylist() for n in names), strict=True))
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in rows}


def figure(printed: object, mark: str = ".") -> Decimal | None:
    """
    Return the number in a text: ``1,852,976.3`` and ``1852976.3`` are the same.

    *mark* separates the decimals. With a comma, ``1.852.976,3`` is the same number.

    :raises ValueError: It is not a number, or is a binary float, which holds no figure exactly.
    """
    if printed is None or isinstance(printed, Decimal):
        return printed
    if isinstance(printed, float):
        msg = f"{printed!r} is a binary float; write the figure as text, as the agency prints it"
        raise ValueError(msg)  # noqa: TRY004 - the author reads it as one more wrong value
    try:
        return Decimal(".".join(re.sub(_GROUPING, "", part) for part in str(printed).split(mark)))
    except InvalidOperation:
        msg = f"{printed!r} is not a number; write None for a figure that the agency does not show"
        raise ValueError(msg) from None


def named(key: Sequence[str]) -> str:
    """
    Return the name of a cell: ``CAL fine 2024-01``.
    """
    return " ".join(key)


def shown(value: Decimal | None) -> str:
    """
    Return a figure without the trailing zeros that pad the column's decimal places.
    """
    if value is None:
        return "no figure"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def differences(before: Cells, after: Cells) -> str:
    """
    Return in words how the second table differs from the first, or an empty text.
    """
    gone = [f"{named(k)} ({shown(before[k][0])}) is gone" for k in before if k not in after]
    other = [
        f"{named(k)} was {shown(before[k][0])} [{before[k][1]}] and is now "
        f"{shown(after[k][0])} [{after[k][1]}]"
        for k in before
        if k in after and before[k] != after[k]
    ]
    new = [f"{named(k)} ({shown(after[k][0])}) is new" for k in after if k not in before]
    found = [*gone, *other, *new]
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more
