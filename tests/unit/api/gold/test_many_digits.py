"""Figures of many digits: what is made of them is exact, or has a reason."""

from decimal import Context, Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from support.gold_figures import JUNE, MAY, by_period, figure, published, rows_of

LARGEST = Decimal("99999999999999999999.999999999999999999")


def test_a_change_with_too_many_digits_has_a_reason_and_others_are_exact():
    figures = {
        "2021": f"{LARGEST}",
        "2022": "-0.000000000000000001",
        "2023": f"-{LARGEST}",
        "2024": "-99999999999999999999.5",
    }
    found = by_period("tea_yoy", figures, "change reason")
    assert found == {
        "2021": (None, "nothing published for the year before"),
        "2022": (None, "the change has more than 20 digits before the point"),
        "2023": (Decimal("-99999999999999999999.999999999999999998"), None),
        "2024": (Decimal("0.499999999999999999"), None),
    }


def test_a_revision_with_too_many_digits_has_no_difference():
    old, new = (published(day, figure(text, "2023")) for day, text in ((MAY, f"{LARGEST}"), (JUNE, f"-{LARGEST}")))  # fmt: skip
    (row,) = rows_of("tea_revisions", old, new)
    assert (row["old_value"], row["difference"], row["percent"]) == (LARGEST, None, None)


def test_means_of_large_and_tiny_figures_are_exact():
    large = {str(year): f"{LARGEST}" for year in range(2019, 2024)}
    assert by_period("tea_rolling", large, "mean_3y mean_5y")["2023"] == (1e20, 1e20)
    tiny = {str(year): f"0.{n:018d}" for n, year in enumerate(range(2019, 2024), 1)}
    assert by_period("tea_rolling", tiny, "mean_3y mean_5y")["2023"] == (1.2e-17 / 3, 1.5e-17 / 5)
    mixed = {"2021": "12345678901234567890", "2022": "1.5", "2023": "-12345678901234567890"}
    assert by_period("tea_rolling", mixed, "mean_3y")["2023"] == (0.5,)


SIZES = st.one_of(
    st.integers(1 - 10**38, 10**38 - 1),
    st.integers(-9, 9),
    st.sampled_from([10**38 - 1, 1 - 10**38, 5 * 10**37, 6 * 10**37, -(10**37), 0]),
)


def as_figures(numbers):
    wide = Context(prec=99)
    return {str(2020 + n): f"{Decimal(one).scaleb(-18, wide):f}" for n, one in enumerate(numbers)}


@settings(max_examples=15, deadline=None)
@given(numbers=st.lists(SIZES, min_size=2, max_size=4))
def test_a_change_of_any_figures_is_exact_or_has_a_reason(numbers):
    figures = as_figures(numbers)
    found = by_period("tea_yoy", figures, "change percent_change reason")
    for place, period in list(enumerate(figures))[1:]:
        before, now = numbers[place - 1 : place + 1]
        change, percent, reason = found[period]
        if abs(now - before) < 10**38:
            assert Fraction(change) == Fraction(now - before, 10**18)
            assert (percent is None) is (before == 0)
        else:
            assert (change, percent) == (None, None)
            assert reason == "the change has more than 20 digits before the point"


@settings(max_examples=15, deadline=None)
@given(numbers=st.lists(SIZES, min_size=3, max_size=5))
def test_a_mean_of_any_figures_is_as_precise_as_doubles(numbers):
    figures = as_figures(numbers)
    found = by_period("tea_rolling", figures, "mean_3y")
    for place, period in list(enumerate(figures))[2:]:
        three = numbers[place - 2 : place + 1]
        (mean,) = found[period]
        off = abs(Fraction(mean) - Fraction(sum(three), 3 * 10**18))
        assert off <= Fraction(max(map(abs, three)), 10**18) / 2**51


def test_large_figures_that_cancel_keep_their_decimals():
    figures = as_figures([12345678901234567890 * 10**18 + 3, -12345678901234567890 * 10**18, 0])
    assert by_period("tea_rolling", figures, "mean_3y")["2022"] == (3e-18 / 3,)


def test_a_change_fits_even_if_one_figure_is_large():
    figures = {"2021": "-1", "2022": "60000000000000000000"}
    found = by_period("tea_yoy", figures, "change reason")
    assert found["2022"] == (Decimal(60000000000000000001), None)
