"""The triangle of revisions: a row a period, a column a vintage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.api import Model
from statpipe.engine.answers.printed_rows import printed_rows
from statpipe.engine.answers.wide import PERIOD, Wide, varying, wide

if TYPE_CHECKING:
    import pyarrow as pa


def triangle(model: Model, table: pa.Table, *, growth: bool = False) -> Wide:
    """
    Turn releases, with the columns in front that tell one series from another.
    """
    series = varying(table, ("ref_area", "category", "dataset", "freq"))
    measure = "growth" if growth else "value"
    needed = [*series, PERIOD, "vintage", measure, *([] if growth else ["decimals"])]
    rows = printed_rows(table.select(needed), model)
    return wide(rows, index=(*series, PERIOD), across=("vintage",), measure=measure)
