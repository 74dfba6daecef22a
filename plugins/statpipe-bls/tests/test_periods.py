"""Periods as BLS codes them."""

from __future__ import annotations

import pytest

from statpipe_bls.periods import read_period


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("M01", ("M", "2023-01")),
        ("M12", ("M", "2023-12")),
        ("M13", ("A", "2023")),
        ("Q04", ("Q", "2023-Q4")),
        ("Q05", ("A", "2023")),
        ("S02", ("S", "2023-S2")),
        ("S03", ("A", "2023")),
        ("A01", ("A", "2023")),
    ],
)
def test_each_period_is_read_with_its_frequency(period, expected):
    assert read_period("2023", period) == expected


@pytest.mark.parametrize(
    ("year", "period"), [("2023", "M14"), ("2023", "W01"), ("23", "M01"), ("", "")]
)
def test_invalid_periods_are_refused(year, period):
    with pytest.raises(ValueError, match=r"is not a (year|period)"):
        read_period(year, period)
