"""A series as a line chart of braille dots."""

from hypothesis import given
from hypothesis import strategies as st

from statpipe.cli.line_chart import line_chart


def test_a_rising_series_goes_from_lower_left_to_upper_right():
    assert line_chart([0.0, 1.0, 2.0, 3.0], room=2, height=2) == ["⠀⡎", "⡜⠀"]


def test_a_missing_figure_is_a_gap_and_without_figures_there_is_no_chart():
    drawn = line_chart([1.0, 1.0, None, None, None, 1.0, 1.0], room=12, height=1)[0]
    assert chr(0x2800) in drawn.strip(chr(0x2800))
    assert line_chart([None, None], room=10) == []


@given(st.lists(st.none() | st.floats(-1e12, 1e12), min_size=1, max_size=80), st.integers(5, 120))
def test_the_chart_fills_its_space_exactly(values, room):
    drawn = line_chart(values, room)
    assert {len(line) for line in drawn} <= {min(room, 100)}
    assert len(drawn) in {0, 8}
    assert bool(drawn) == any(value is not None for value in values)
    if drawn:
        assert any(sign != chr(0x2800) for line in drawn for sign in line)
