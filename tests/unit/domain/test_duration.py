"""Ranges of SDMX: a day and a duration of whole days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.duration import days_of_range, months_later


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2024-01-01/P1Y", "2024-12-31"),
        ("2024-02-01/P1M", "2024-02-29"),
        ("2023-11-01/P1Y2M", "2024-12-31"),
        ("2024-01-30/P7D", "2024-02-05"),
        ("2024-01-30Z/P1D", "2024-01-30"),
        ("2024-01-30T00:00:00-05:00/PT24H", "2024-01-30"),
        ("2024-01-30/P1DT23H59M60S", "2024-01-31"),
        ("2024-01-30/PT1440M0.000S", "2024-01-30"),
    ],
)
def test_a_range_has_a_first_and_a_last_day(text, end):
    assert days_of_range(text) == (date.fromisoformat(text[:10]), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2024-01/P1M", "it does not begin with a date"),
        ("2024-01-01T00:00:01/P1M", "it does not begin with a date"),
        ("2024-01-01/P", "its duration P is not a whole number of days"),
        ("2024-01-01/P1MT", "its duration P1MT is not"),
        ("2024-01-01/P0M", "its duration P0M is not"),
        ("2024-01-01/P1M1Y", "its duration P1M1Y is not"),
        ("2024-01-01/P1MT1S", "its duration P1MT1S is not"),
        ("2024-01-01/PT86400.5S", "its duration PT86400.5S is not"),
        ("2024-01-01/P\u0661M", "its duration P\u0661M is not"),
        ("2024-01-31/P1M", "day"),
    ],
)
def test_anything_else_is_refused_with_a_reason(text, why):
    with pytest.raises(ValueError, match=f"^{why}"):
        days_of_range(text)


def test_a_range_beyond_the_calendar_overflows():
    with pytest.raises(OverflowError):
        days_of_range("2024-01-01/P9999999D")


@given(st.dates(date(1000, 1, 1), date(2900, 1, 1)), st.integers(1, 5000))
def test_a_range_has_as_many_days_as_its_duration(first, days):
    start, end = days_of_range(f"{first}/P{days}D")
    assert end - start == timedelta(days=days - 1)


@given(st.dates(date(1000, 1, 1), date(2900, 1, 1)), st.integers(0, 1000))
def test_adding_months_moves_by_that_many_months(day, months):
    later = months_later(day.replace(day=1), months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
