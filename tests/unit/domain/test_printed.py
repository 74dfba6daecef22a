"""Printed figures: their exact values, and their text."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.printed import (
    MOST_PLACES,
    Misfit,
    as_printed,
    fewest_places,
    read_figures,
    shortest_of_doubles,
    texts_of,
)

LARGEST = "99999999999999999999.999999999999999999"


def printed(*texts):
    """What comes back of printed figures, by the column and figure by figure."""
    read = read_figures(pa.array(texts, pa.string()))
    back = texts_of(read.values, read.decimals).to_pylist()
    pairs = zip(read.values.to_pylist(), read.decimals.to_pylist(), strict=True)
    assert back == [v if v is None else f"{as_printed(v, places):f}" for v, places in pairs]
    return back


@pytest.mark.parametrize(
    "text",
    [
        "14392721.0",
        "1.088295652173913",
        "1.500000000000000000000000",
        "1.5" + "0" * (MOST_PLACES - 1),
        LARGEST,
        f"-{LARGEST}",
        "0.000000000000000001",
        "-0.00000012",
        "0",
        "0.00",
        "100",
    ],
)
def test_a_printed_figure_is_written_back_as_printed(text):
    assert printed(text, None, "7") == [text, None, "7"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1.2E-05", "0.000012"),
        ("1.20e-05", "0.0000120"),
        ("3e6", "3000000"),
        ("-1.5E+1", "-15"),
        ("0E9", "0"),
        ("+1.5", "1.5"),
        ("007.50", "7.50"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-0.0", "0.0"),
        ("1." + "0" * 500, "1." + "0" * MOST_PLACES),
    ],
)
def test_other_spellings_are_read_exactly_and_written_plainly(text, plain):
    assert printed(text) == [plain]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "1e20",
            "has 21 digits before the point; expected up to 20 digits before and 18 after the point",
        ),
        ("9" * 21, "has 21 digits before the point"),
        ("1e-19", "has 19 decimal places; expected up to 20"),
        ("1.5" + "0" * 17 + "1", "has 19 decimal places"),
        ("1e999999999", "has 1,000,000,000 digits before the point"),
        ("NaN", "is not a figure; expected digits"),
        ("1_0", "is not a figure"),
        ("1,5", "is not a figure"),
        ("٣", "is not a figure"),
        ("", "is not a figure"),
    ],
)
def test_a_figure_that_does_not_fit_is_refused_with_its_row(text, why):
    with pytest.raises(Misfit) as caught:
        read_figures(pa.array(["1", None, text, text]))
    assert str(caught.value).startswith(f"{text!r} {why}")
    assert caught.value.row == 2


figures = st.builds(
    lambda digits, places, minus: Decimal((minus, digits, -places)),
    st.lists(st.integers(0, 9), min_size=1, max_size=20),
    st.integers(0, 18),
    st.integers(0, 1),
)


@given(st.lists(st.tuples(figures, st.integers(0, 30)), max_size=8))
def test_value_and_decimal_places_give_the_text(drawn):
    texts = [
        f"{value:f}" + ("0" * more if value.as_tuple().exponent else "") for value, more in drawn
    ]
    texts = [text.lstrip("-") if not Decimal(text) else text for text in texts]
    assert printed(*texts) == texts
    read = read_figures(pa.array(texts, pa.string()))
    assert read.values.to_pylist() == [value for value, _ in drawn]


@given(st.lists(figures, max_size=8))
def test_without_printed_places_a_figure_has_the_fewest_decimal_places(values):
    column = pa.array(values, pa.decimal128(38, 18))
    fewest = fewest_places(column)
    assert texts_of(column).to_pylist() == texts_of(column, fewest).to_pylist()
    for value, text in zip(values, texts_of(column).to_pylist(), strict=True):
        assert Decimal(text) == value
        assert "." not in text or not text.endswith("0")


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), max_size=8))
def test_a_double_becomes_the_shortest_decimal_with_the_same_value(doubles):
    texts = shortest_of_doubles(pa.array(doubles, pa.float64())).to_pylist()
    assert [text if text is None else float(text) for text in texts] == doubles
    again = pa.array([None if d is None else f"{Decimal(d):f}" for d in doubles], pa.string())
    assert shortest_of_doubles(again).to_pylist() == texts


@pytest.mark.parametrize("text", ["NaN", "inf", "1e400", "x"])
def test_infinite_and_undefined_doubles_are_refused(text):
    with pytest.raises(Misfit, match=r"is not a (finite )?number"):
        shortest_of_doubles(pa.array(["1", text]))
