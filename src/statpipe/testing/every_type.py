"""A table with a column of every type that a model can declare."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from attrs import evolve

from statpipe.api import Column, Layer, Model, Partition, PartitionKey
from statpipe.domain.gold_schema import gold_schema
from statpipe.domain.model import ColumnType

_TYPES: dict[str, ColumnType] = {
    "code": "text",
    "note": "text",
    "places": "small",
    "number": "integer",
    "value": "decimal",
    "share": "double",
    "seen": "date",
}
_EXACT = Decimal("-12345678901234567890.123456789012345678")
_ROWS: tuple[tuple[Any, ...], ...] = (
    ("CA", "", 0, 0, Decimal(0), 0.0, date(1970, 1, 1)),
    ("ca", None, None, None, None, None, None),
    (
        "\u5dde",
        "\u5dde \u03a9 \u0131 \U0001f9cb",
        127,
        2**62,
        _EXACT,
        0.1 + 0.2,
        date(9999, 12, 31),
    ),
    ("e\u0301", "null", -128, -(2**62), Decimal("1e-18"), -1e300, date(1790, 8, 2)),
    ("\u00e9", " x\r\n", 1, -1, Decimal("-0.5"), 5e-324, date(2024, 2, 29)),
)
EVERY_TYPE: tuple[dict[str, Any], ...] = tuple(dict(zip(_TYPES, row, strict=True)) for row in _ROWS)
"""The rows of :func:`every_type`. Two codes only differ in case, two only in the encoding of their
accent."""


def every_type(name: str = "every_type") -> Partition:
    """
    Make a partition of Gold with the rows of :data:`EVERY_TYPE`.
    """
    import pyarrow as pa

    columns = tuple(
        Column(
            name=column,
            type=kind,
            description=f"A column of type {kind}",
            unit="units" if kind in {"decimal", "double"} else "",
            nullable=column != "code",
        )
        for column, kind in _TYPES.items()
    )
    model = Model(
        name=name, title="Every type", inputs=("agency",), grain=("code",), columns=columns, sql=""
    )
    return Partition(
        key=PartitionKey(layer=Layer.GOLD, owner=name),
        table=pa.Table.from_pylist(list(EVERY_TYPE), gold_schema(model)),
        fingerprint="e7" * 32,
        model=model,
    )


def less(partition: Partition, column: str) -> Partition:
    """
    Return the partition of a model that does not declare a column.
    """
    model = partition.model
    assert model is not None, "only Gold has columns that are declared"
    columns = tuple(one for one in model.columns if one.name != column)
    return evolve(
        partition,
        table=partition.table.drop_columns([column]),
        fingerprint="1e" * 32,
        model=evolve(model, columns=columns),
    )
