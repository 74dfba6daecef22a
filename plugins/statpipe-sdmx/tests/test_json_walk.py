"""JSON that is decoded a member at a time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe_sdmx.json_walk import Walk

leaves = st.none() | st.booleans() | st.text(max_size=3) | st.sampled_from(["1.50", "-0", "NaN"])
documents = st.recursive(
    leaves,
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3)
    ),
    max_leaves=12,
)


def walked(walk, depth):
    """A document that is entered so far, and decoded below."""
    if depth and walk.begins("{"):
        return {name: walked(walk, depth - 1) for name in walk.members()}
    if depth and walk.begins("["):
        return [walked(walk, depth - 1) for _ in walk.items()]
    return walk.value()


@given(documents, st.integers(0, 3), st.sampled_from([None, 1]))
def test_any_document_is_read_the_same_at_every_depth_of_entering(document, depth, indent):
    text = json.dumps(document, indent=indent)
    walk = Walk(text)
    assert walked(walk, depth) == document
    walk.finish()
    walk = Walk(text)
    walk.skip()
    walk.finish()


def test_figures_keep_their_digits():
    text = '{"a": [1.50, -0, 1E5, 12345678901234567890.10, NaN]}'
    assert Walk(text).value() == {"a": ["1.50", "-0", "1E5", "12345678901234567890.10", "NaN"]}


@pytest.mark.parametrize(
    "text", ["", "[1", '{"a"', '{"a":', '{"a" 1}', "[1 2]", "{1: 2}", '{"a": 1,}', "[1],", "]"]
)
def test_invalid_json_is_refused_at_every_depth_of_entering(text):
    walk = Walk(text)

    def enter():
        walk.skip()
        walk.finish()

    with pytest.raises(ValueError, match=r"Expecting|Illegal|Unterminated"):
        enter()
