"""Periods in SDMX's notation start on their first day."""

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.period import period_start, periods_between

PARTS = {
    "A": [""],
    "S": ["-S1", "-S2"],
    "Q": ["-Q1", "-Q2", "-Q3", "-Q4"],
    "M": [f"-{month:02d}" for month in range(1, 13)],
}


@pytest.mark.parametrize(
    ("text", "freq", "start"),
    [
        ("2023", "A", date(2023, 1, 1)),
        ("2023-S1", "S", date(2023, 1, 1)),
        ("2023-S2", "S", date(2023, 7, 1)),
        ("2023-Q1", "Q", date(2023, 1, 1)),
        ("2023-Q4", "Q", date(2023, 10, 1)),
        ("2023-01", "M", date(2023, 1, 1)),
        ("2023-12", "M", date(2023, 12, 1)),
    ],
)
def test_a_period_starts_on_its_first_day(text, freq, start):
    assert period_start(text, freq) == start


@given(st.integers(1000, 2999), st.sampled_from("ASQM"))
def test_the_periods_of_a_year_fill_it_without_gap_or_overlap(year, freq):
    starts = [period_start(f"{year}{part}", freq) for part in PARTS[freq]]
    assert starts[0] == date(year, 1, 1)
    months = 12 // len(starts)
    for start, following in zip(starts, [*starts[1:], date(year, 12, 31)], strict=True):
        day = start
        for _ in range(months):
            day += timedelta(days=calendar.monthrange(day.year, day.month)[1])
        assert following in {day, day - timedelta(days=1)}


@pytest.mark.parametrize(
    ("text", "freq"),
    [
        ("2023-Q5", "Q"),
        ("2023-Q0", "Q"),
        ("2023Q1", "Q"),
        ("2023-S3", "S"),
        ("2023", "M"),
        ("2023-13", "M"),
        ("2023-00", "M"),
        ("2023-1", "M"),
        ("2023-01", "A"),
        ("23", "A"),
        ("0999", "A"),
        ("2023 ", "A"),
        ("2023\n", "A"),
        ("", "A"),
        ("٢٠٢٣", "A"),
    ],
)
def test_anything_else_is_no_period_and_says_so(text, freq):
    with pytest.raises(ValueError, match=f"is no period of frequency {freq}") as caught:
        period_start(text, freq)
    assert repr(text) in str(caught.value)


@given(st.integers(1000, 2990), st.integers(0, 9), st.sampled_from("ASQM"))
def test_the_periods_between_are_all_of_them_in_order(year, more, freq):
    parts = PARTS[freq]
    wanted = [f"{year + n}{part}" for n in range(more + 1) for part in parts]
    assert periods_between(wanted[0], wanted[-1], freq) == wanted
    assert periods_between(wanted[-1], wanted[-1], freq) == wanted[-1:]
