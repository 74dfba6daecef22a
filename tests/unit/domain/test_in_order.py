"""Rows in the order of their grain, against Python's own."""

from datetime import date

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.canonical import canonical
from statpipe.domain.in_order import in_order, put_together

SCHEMA = pa.schema(
    {"area": pa.dictionary(pa.int32(), pa.string()), "day": pa.date32(), "number": pa.int64()}
)
GRAIN = tuple(SCHEMA.names)

ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, "a", "b", "ü", ""]),
        st.sampled_from([None, date(1, 1, 1), date(2020, 2, 29), date(9999, 12, 31)]),
        st.sampled_from([None, 0, -5, 2**62, -(2**62)]) | st.integers(-3, 3),
    )
)


def table(rows):
    named = [dict(zip(GRAIN, row, strict=True)) for row in rows]
    return canonical(pa.Table.from_pylist(named, SCHEMA))


def nulls_last(row):
    return [(value is None, value) for value in row]


@given(ROWS, st.integers(0, 3))
def test_rows_are_sorted_by_texts_days_and_numbers(rows, width):
    found = in_order(table(rows), GRAIN[:width] or GRAIN)
    wanted = sorted(rows, key=lambda row: nulls_last(row[:width] or row))
    assert [tuple(row.values()) for row in found.to_pylist()] == wanted


def test_a_sorted_table_is_not_copied():
    rows = table(
        [("a", date(2020, 1, 1), 1), ("a", date(2021, 1, 1), 0), ("b", date(2020, 1, 1), 0)]
    )
    assert in_order(rows, GRAIN) is rows


def test_tables_are_merged_in_order():
    one, other = table([("b", date(2020, 1, 1), 1)]), table([("a", date(2021, 1, 1), 2)])
    assert put_together([one, other], GRAIN)["area"].to_pylist() == ["a", "b"]
