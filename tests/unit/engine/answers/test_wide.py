"""A table turned."""

from decimal import Decimal

import pyarrow as pa

from statpipe.engine.answers.wide import varying, wide

ROWS = [
    {"area": "CA", "kind": "x", "time_period": "2020", "value": Decimal("1.50")},
    {"area": "CA", "kind": "x", "time_period": "2019", "value": Decimal(2)},
    {"area": "TX", "kind": "x", "time_period": "2020", "value": None},
]


def test_rows_become_columns_and_missing_cells_are_empty():
    made = wide(ROWS, index=("time_period",), across=("area",), measure="value")
    assert made.columns == ("time_period", "CA", "TX")
    assert made.rows == (("2019", Decimal(2), None), ("2020", Decimal("1.50"), None))
    assert made.table()["CA"].to_pylist() == [Decimal(2), Decimal("1.5")]
    assert made.table()["time_period"].type == pa.string()


def test_columns_are_named_by_codes_or_by_the_measure():
    made = wide(ROWS, index=("time_period",), across=("kind", "area"), measure="value")
    assert made.across == ("x CA", "x TX")
    assert wide(ROWS[:2], index=("time_period",), across=(), measure="value").across == ("value",)
    assert wide([], index=("time_period",), across=(), measure="value").table().num_rows == 0


def test_columns_that_vary_have_more_than_one_value():
    assert varying(pa.Table.from_pylist(ROWS), ("area", "kind", "time_period")) == [
        "area",
        "time_period",
    ]
