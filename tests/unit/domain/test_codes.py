"""Coded columns say what the plain ones said."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.domain.codes import encoded, joined, looked_up
from support.observations import as_drawn

texts = st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", ""])), max_size=6)


@settings(deadline=None)
@given(data=st.data(), values=texts)
def test_encoding_keeps_every_text_and_every_null(data, values):
    made = encoded(as_drawn(data.draw, values))
    assert made.to_pylist() == values
    assert made.type == pa.dictionary(pa.int32(), pa.string())
    assert made.dictionary.null_count == 0


def test_a_null_among_the_values_of_a_dictionary_is_a_null():
    odd = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["a", None]))
    made = encoded(odd)
    assert made.to_pylist() == ["a", None, None]
    assert made.null_count == 2


@settings(deadline=None)
@given(
    values=texts,
    names=st.fixed_dictionaries(dict.fromkeys(["a", "b", ""], st.sampled_from([None, "x", "y"]))),
)
def test_looking_up_a_column_equals_looking_up_each_row(values, names):
    codes = encoded(pa.array(values, pa.string()))
    made = looked_up(codes, [names[text] for text in codes.dictionary.to_pylist()])
    assert made.to_pylist() == [None if text is None else names[text] for text in values]


@settings(deadline=None)
@given(data=st.data(), width=st.integers(1, 4), rows=st.integers(0, 6))
def test_joining_columns_equals_joining_each_row(data, width, rows):
    text = st.one_of(st.none(), st.sampled_from(["a", "b", ""]))
    columns = [data.draw(st.lists(text, min_size=rows, max_size=rows)) for _ in range(width)]
    made = joined([encoded(as_drawn(data.draw, column)) for column in columns], ".")
    assert made.to_pylist() == [
        None if None in row else ".".join(row) for row in zip(*columns, strict=True)
    ]
