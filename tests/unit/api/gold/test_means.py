"""Means and compound growth over several years."""

import pytest

from support.gold_figures import by_period

ROLLING = "figures_3y figures_5y mean_3y mean_5y growth_3y growth_5y"


def about(*numbers):
    return tuple(None if n is None else pytest.approx(n, rel=1e-9) for n in numbers)


def test_a_series_growing_by_ten_per_cent_has_its_means_and_growth():
    figures = {
        "2010": "100",
        "2011": "110",
        "2012": "121",
        "2013": "133.1",
        "2014": "146.41",
        "2015": "161.051",
    }
    assert by_period("tea_rolling", figures, ROLLING) == {
        "2010": (1, 1, None, None, None, None),
        "2011": (2, 2, None, None, None, None),
        "2012": about(3, 3, 331 / 3, None, None, None),
        "2013": about(3, 4, 364.1 / 3, None, 10, None),
        "2014": about(3, 5, 400.51 / 3, 122.102, 10, None),
        "2015": about(3, 5, 440.561 / 3, 134.3122, 10, 10),
    }


def test_a_gap_in_the_years_is_not_bridged():
    figures = {"2010": "1", "2011": "2", "2013": "8", "2014": "16", "2015": "32", "2016": "64"}
    assert by_period("tea_rolling", figures, ROLLING) == {
        "2010": (1, 1, None, None, None, None),
        "2011": (2, 2, None, None, None, None),
        "2013": about(2, 3, None, None, 100, None),  # 1 to 8 since 2010
        "2014": about(2, 4, None, None, 100, None),  # 2 to 16 since 2011
        "2015": about(3, 4, 56 / 3, None, None, 100),  # no 2012; 1 to 32 since 2010
        "2016": about(3, 4, 112 / 3, None, 100, 100),  # 8 to 64, 2 to 64
    }


def test_a_suppressed_year_counts_as_missing():
    figures = {"2010": "10", "2011": None, "2012": "30", "2013": "80", "2014": None}
    assert by_period("tea_rolling", figures, ROLLING) == {
        "2010": (1, 1, None, None, None, None),
        "2011": (1, 1, None, None, None, None),
        "2012": (2, 2, None, None, None, None),
        "2013": about(2, 3, None, None, 100, None),
        "2014": (2, 3, None, None, None, None),
    }


@pytest.mark.parametrize(("first", "last"), [("0", "8"), ("-1", "8"), ("8", "0"), ("-8", "-1")])
def test_there_is_no_compound_growth_from_or_to_non_positive_figures(first, last):
    figures = {"2010": first, "2011": "1", "2012": "1", "2013": last}
    assert by_period("tea_rolling", figures, "growth_3y")["2013"] == (None,)


def test_a_mean_of_negative_figures_is_computed():
    figures = {"2010": "-1", "2011": "-2", "2012": "0"}
    assert by_period("tea_rolling", figures, "mean_3y")["2012"] == (-1.0,)
