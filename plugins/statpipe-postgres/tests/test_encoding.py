"""What COPY is sent."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import Column, Model
from statpipe_postgres.encode import csv_batches


def encoded(values, type_):
    model = Model(
        name="m",
        title="",
        inputs=(),
        grain=("v",),
        columns=(Column(name="v", type=type_, description=""),),
        sql="",
    )
    data = b"".join(map(bytes, csv_batches(pa.table({"v": values}), model)))
    return [row[0] if row else "" for row in csv.reader(io.StringIO(data.decode()))]


def shortest(value):
    """The oracle: a decimal in Python's words, without exponent and trailing zeros."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


@given(
    st.lists(
        st.one_of(
            st.decimals(-(10**19), 10**19, places=8, allow_nan=False),
            st.sampled_from([Decimal(n).scaleb(-p) for n in (0, 1, 10, 150) for p in range(9)]),
        ),
        max_size=20,
    )
)
def test_decimals_are_exact_and_have_no_trailing_zeros(values):
    sent = encoded(pa.array(values, pa.decimal128(38, 18)), "decimal")
    assert [Decimal(text) for text in sent] == values
    for text, value in zip(sent, values, strict=True):
        if "E" not in text:
            assert text.lstrip("-") == shortest(abs(value))
        else:
            assert "0" not in text.split("E")[0]


@pytest.mark.parametrize("values", [[100, 20], [Decimal(100), Decimal(20)]])
def test_whole_numbers_keep_their_zeros(values):
    type_ = pa.decimal128(10, 0) if isinstance(values[0], Decimal) else pa.int64()
    assert encoded(pa.array(values, type_), "decimal") == ["100", "20"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20))
def test_doubles_are_read_back_bit_for_bit(values):
    assert [float(text) for text in encoded(pa.array(values, pa.float64()), "double")] == values


def test_large_tables_are_sent_in_parts():
    model = Model(
        name="m",
        title="",
        inputs=(),
        grain=("v",),
        columns=(Column(name="v", type="integer", description=""),),
        sql="",
    )
    parts = list(csv_batches(pa.table({"v": pa.array(range(120_000))}), model))
    assert len(parts) == 3
    assert sum(bytes(part).count(b"\n") for part in parts) == 120_000
