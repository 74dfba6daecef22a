"""Printed figures are read to the last digit, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.figure import exact


@pytest.mark.parametrize(
    ("printed", "marks", "value"),
    [
        ("1852976.3", {}, "1852976.3"),
        ("-0.50", {}, "-0.50"),
        ("12345678901234567890.12345678", {}, "12345678901234567890.12345678"),
        ("1,852,976.3", {"grouping": ","}, "1852976.3"),
        ("1852976.3", {"grouping": ","}, "1852976.3"),
        ("1.852.976,3", {"mark": ",", "grouping": "."}, "1852976.3"),
        ("1 852", {"mark": ",", "grouping": " "}, "1852"),
        ("0,5", {"mark": ","}, "0.5"),
        ("1\u202f852\u202f976,3", {"mark": ",", "grouping": " \u00a0\u202f"}, "1852976.3"),
        ("1 852 976", {"grouping": " \u00a0"}, "1852976"),
        ("-1^852^976", {"grouping": "^]"}, "-1852976"),
        (" 5", {}, "5"),
        ("\u00a0-1 852,5\u2009\ufeff\n", {"mark": ",", "grouping": " "}, "-1852.5"),
    ],
)
def test_a_figure_is_read_as_it_is_printed(printed, marks, value):
    assert exact(printed, **marks) == Decimal(value)
    assert str(exact(printed, **marks)) == value


@pytest.mark.parametrize(
    ("printed", "marks"),
    [
        ("", {}),
        ("-", {}),
        (".5", {}),
        ("5.", {}),
        ("- 5", {}),
        ("5 5", {}),
        ("1_5", {}),
        ("٣", {}),
        ("1e", {}),
        ("e3", {}),
        ("1e3.5", {}),
        ("NaN", {}),
        ("Infinity", {}),
        ("1,5", {}),
        ("1,5", {"grouping": ","}),
        ("1234,567", {"grouping": ","}),
        ("1 852\u00a0976", {"grouping": " \u00a0"}),
        ("1.23", {"mark": ",", "grouping": "."}),
        ("1852.5", {"mark": ","}),
    ],
)
def test_anything_else_is_refused(printed, marks):
    with pytest.raises(ValueError, match=r" is not a figure$") as raised:
        exact(printed, **marks)
    assert repr(printed) in str(raised.value)


@pytest.mark.parametrize(("value", "kind"), [(1.5, "float"), (3, "int"), (None, "NoneType")])
def test_a_value_that_is_not_text_is_refused(value, kind):
    with pytest.raises(TypeError, match=f"is {kind}, expected the text that the agency prints"):
        exact(value)


@given(
    value=st.decimals(allow_nan=False, allow_infinity=False, places=4), mark=st.sampled_from(".,")
)
def test_a_number_with_and_without_separators_is_the_same(value, mark):
    other = "." if mark == "," else ","
    printed = f"{value:,f}".translate({ord(","): other, ord("."): mark})
    assert exact(printed, mark=mark, grouping=other) == value
    assert exact(printed.replace(other, ""), mark=mark) == value
