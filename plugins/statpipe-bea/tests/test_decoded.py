"""Columns of codes, and the place of each row."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from statpipe_bea.decoded import combinations, first_row, numbered

texts = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", None])), min_size=1)


def coded(values):
    return pa.array(values, pa.string()).dictionary_encode()


def test_rows_are_numbered_from_zero():
    assert numbered(3).to_pylist() == [0, 1, 2]
    assert numbered(0).to_pylist() == []


@given(rows=texts)
def test_each_combination_is_given_with_its_first_row_in_row_order(rows):
    first, second = zip(*rows, strict=True)
    found = combinations({"line": coded(first), "unit": coded(second)})
    assert found == [
        {"row": rows.index(pair), "line": pair[0], "unit": pair[1]} for pair in dict.fromkeys(rows)
    ]


@given(rows=texts)
def test_the_first_row_of_a_text_is_found(rows):
    codes = coded([one for one, _ in rows])
    for text in {one for one, _ in rows}:
        assert first_row(codes, text) == [one for one, _ in rows].index(text)
