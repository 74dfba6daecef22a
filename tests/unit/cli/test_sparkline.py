"""A series in block characters."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.cli.sparkline import sparkline


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([5], "▄"),
        ([5, 5, 5], "▄▄▄"),
        ([0, 0], "▄▄"),
        ([1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"),
        ([Decimal("1.5"), Decimal("2.5")], "▁█"),
        ([-3, 0, 3], "▁▅█"),
        ([-1, -2], "█▁"),
        ([1, None, 2], "▁ █"),
        ([None, 7, None], " ▄ "),
        ([None, None], "  "),
        ([1.0, math.nan, 2.0], "▁ █"),
    ],
)
def test_values_are_drawn_between_the_smallest_and_the_largest(values, line):
    assert sparkline(values) == line


@given(st.lists(st.one_of(st.none(), st.decimals(-1_000_000, 1_000_000, places=2))))
def test_each_value_is_one_character_and_larger_ones_are_never_lower(values):
    line = sparkline(values)
    assert len(line) == len(values)
    drawn = sorted((v, c) for v, c in zip(values, line, strict=True) if v is not None)
    assert [c for _, c in drawn] == sorted(c for _, c in drawn)
    assert all((c == " ") == (v is None) for v, c in zip(values, line, strict=True))
