"""Rows sort by their key as people count: numbers within codes as numbers."""

import re

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from statpipe.domain.key_order import key_codes

SIGNS = "AB.:-0129é\U0001f375"


def as_people_count(text):
    """Words before numbers, numbers by size, and what reads alike by its text."""
    parts = [part for part in re.split(r"([0-9]+)", text) if part]
    return [(part[0] in "0123456789", int(part) if part[0] in "0123456789" else part) for part in parts], text  # fmt: skip


def in_order(texts):
    codes = key_codes(pa.table({"code": pa.array(texts, pa.string())}), ["code"])
    assert codes.type == pa.int64()
    by_code = sorted(zip(codes.to_pylist(), texts, strict=True))
    assert len({code for code, _ in by_code}) == len(set(texts))
    return [text for _, text in by_code]


@settings(deadline=None, max_examples=300)
@given(texts=st.lists(st.text(SIGNS, max_size=8), max_size=12))
@example(texts=["A1", "A", "AA", "A1B", "A10", "A9", "1", "01", "B", "", "é", "10.2", "10.10"])
def test_any_codes_sort_as_people_count(texts):
    assert in_order(texts) == sorted(texts, key=as_people_count)


@pytest.mark.parametrize("odd", ["\0", "\U0010ffff", "9" * 60, "0" * 60 + "1"])
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_unusual_codes_sort_as_people_count(odd, data):
    drawn = st.lists(st.sampled_from(["A", "1", "12", odd, ""]), max_size=3).map("".join)
    texts = [odd, *data.draw(st.lists(drawn, max_size=8))]
    assert in_order(texts) == sorted(texts, key=as_people_count)


@settings(deadline=None)
@given(rows=st.lists(st.tuples(*[st.sampled_from(["A9", "A10", "B", "9", "09"])] * 3), max_size=12))
def test_several_columns_sort_in_sequence(rows):
    names = ("one", "two", "three")
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = [pa.array(column, pa.string()).dictionary_encode() for column in columns]
    codes = key_codes(pa.table(dict(zip(names, arrays, strict=True))), names).to_pylist()
    assert [row for _, row in sorted(zip(codes, rows, strict=True))] == sorted(
        rows, key=lambda row: [as_people_count(text) for text in row]
    )


def test_a_text_that_occurs_twice_in_a_dictionary_is_one_code():
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(["A", "B", "A"]))
    first, other, again = key_codes(pa.table({"code": column}), ["code"]).to_pylist()
    assert first == again < other
