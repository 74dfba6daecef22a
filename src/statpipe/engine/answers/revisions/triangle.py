"""The triangle of revisions: one row per period, one column per vintage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.api import Model
from statpipe.engine.answers.printed_rows import printed_rows
from statpipe.engine.answers.wide import PERIOD, Wide, varying, wide

if TYPE_CHECKING:
    import pyarrow as pa


def triangle(model: Model, table: pa.Table, *, growth: bool = False) -> Wide:
    """
    Pivot releases; the columns that identify a series come first.
    """
    series = varying(table, ("ref_area", "category", "dataset", "freq"))
    measure = "growth" if growth else "value"
    needed = [*series, PERIOD, "vintage", measure, *([] if growth else ["decimals"])]
    rows = printed_rows(table.select(needed), model)
    return wide(rows, index=(*series, PERIOD), across=("vintage",), measure=measure)
