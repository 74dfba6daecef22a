"""The same choice in the words of the command line and in those of Python."""

import pytest

from statpipe.engine.answers.words import ARGUMENTS, OPTIONS


@pytest.mark.parametrize(
    ("column", "values", "option", "argument"),
    [
        ("ref_area", ["CA"], "--area CA", 'ref_area="CA"'),
        ("category", ["A", "B"], "--category A,B", 'category=["A", "B"]'),
        ("time_period", ["2019:2021"], "--period 2019:2021", 'period="2019:2021"'),
        ("geo_level", ["state"], "--where geo_level=state", 'geo_level="state"'),
    ],
)
def test_a_filter_is_shown_as_it_is_typed(column, values, option, argument):
    assert OPTIONS.choice(column, values) == option
    assert ARGUMENTS.choice(column, values) == argument


def test_filters_are_shown_in_the_order_they_are_typed():
    wanted = {"ref_area": ("CA",), "freq": ("A",)}
    assert OPTIONS.choices(wanted) == "--area CA --where freq=A"
    assert ARGUMENTS.choices(wanted) == 'ref_area="CA", freq="A"'


def test_a_date_is_shown_as_it_is_typed():
    assert (OPTIONS.day("2021-01-01"), OPTIONS.as_of) == ("--as-of 2021-01-01", "--as-of")
    assert (ARGUMENTS.day("2021-01-01"), ARGUMENTS.as_of) == ('as_of="2021-01-01"', "as_of")
