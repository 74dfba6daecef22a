"""Changes from one period to another, in each frequency."""

from datetime import date

import pytest

from statpipe.domain.period import read_period
from support.gold_figures import JUNE, MAY, PERIODS, by_period, figure, published, rows_of

CHANGE = "previous_value change percent_change reason"
NOTHING = "nothing published for the year before"


def test_year_on_year_has_a_percentage_or_a_reason():
    figures = {
        "2010": "100",
        "2011": "110",
        "2013": "99",
        "2014": None,
        "2015": "50",
        "2016": "0",
        "2017": "5",
        "2018": "-5",
        "2019": "-10",
        "2020": "-4",
    }
    assert by_period("tea_yoy", figures, CHANGE) == {
        "2010": (None, None, None, NOTHING),
        "2011": (100, 10, 10.0, None),
        "2013": (None, None, None, NOTHING),
        "2014": (99, None, None, "no figure for 2014: (D)"),
        "2015": (None, None, None, "no figure for 2014: (D)"),
        "2016": (50, -50, -100.0, None),
        "2017": (0, 5, None, "the figure for 2016 is zero"),
        "2018": (5, -10, -200.0, None),
        "2019": (-5, -5, -100.0, None),
        "2020": (-10, 6, 60.0, None),
    }


def test_changes_are_only_computed_within_one_unit():
    old = figure("100", "2022", unit_measure="Chained 2012 dollars")
    new = figure("200", "2023", unit_measure="Chained 2017 dollars")
    (row,) = rows_of("tea_yoy", published(MAY, old, new), where="time_period = '2023'")
    assert (row["change"], row["percent_change"]) == (None, None)
    assert row["reason"] == "the figure for 2022 is in another unit: Chained 2012 dollars"


def test_means_and_growth_are_only_computed_within_one_unit():
    years = [figure("100", str(y), unit_measure="Pounds") for y in range(2018, 2023)]
    other = figure("900", "2023", unit_measure="Euros")
    (row,) = rows_of("tea_rolling", published(MAY, *years, other), where="year = 2023")
    assert (row["mean_3y"], row["growth_3y"], row["figures_3y"]) == (None, None, 1)


def test_the_status_is_the_reason_if_a_missing_figure_has_no_symbol():
    rows = [figure("1", "2021"), figure(None, "2022", source_symbol=None, obs_status="O")]
    found = rows_of("tea_yoy", published(MAY, *rows, figure("1", "2023")))
    assert [row["reason"] for row in found] == [NOTHING, *["no figure for 2022: O"] * 2]


def test_changes_are_computed_within_one_area_and_category():
    found = rows_of(
        "tea_yoy",
        published(MAY, figure("1", "2022"), figure("5", "2022", "MOM"), figure("7", "2022", category="T:2")),
        published(JUNE, figure("2", "2022"), figure("3", "2023")),
        where="year = 2023",
    )  # fmt: skip
    assert [(row["ref_area"], row["previous_value"], row["change"]) for row in found] == [
        ("CAL", 2, 1)
    ]


@pytest.mark.parametrize(
    ("freq", "periods"),
    [
        ("S", ("2022-S2", "2023-S1", "2023-S2")),
        ("Q", ("2022-Q3", "2022-Q4", "2023-Q3")),
        ("M", ("2022-02", "2022-03", "2023-02")),
    ],
)
def test_year_on_year_compares_with_the_same_part_of_the_year_before(freq, periods):
    figures = dict(zip(periods, ("10", "20", "15"), strict=True))
    found = by_period("tea_yoy", figures, "change percent_change reason", freq)
    assert found[periods[2]] == (5, 50.0, None)
    assert found[periods[0]] == found[periods[1]] == (None, None, NOTHING)


def test_month_on_month_crosses_years_but_not_gaps():
    figures = {"2023-12": "8", "2024-01": "10", "2024-03": "15", "2024-04": "30"}
    assert by_period("tea_mom", figures, CHANGE, "M") == {
        "2023-12": (None, None, None, "nothing published for the month before"),
        "2024-01": (8, 2, 25.0, None),
        "2024-03": (None, None, None, "nothing published for the month before"),
        "2024-04": (15, 15, 100.0, None),
    }


def test_quarter_on_quarter_crosses_years_but_not_gaps():
    figures = {"2023-Q4": "8", "2024-Q1": "10", "2024-Q3": "15"}
    assert by_period("tea_qoq", figures, CHANGE, "Q") == {
        "2023-Q4": (None, None, None, "nothing published for the quarter before"),
        "2024-Q1": (8, 2, 25.0, None),
        "2024-Q3": (None, None, None, "nothing published for the quarter before"),
    }


def test_a_week_is_compared_with_the_same_iso_week_except_week_53():
    figures = {"2019-W52": "4", "2020-W52": "5", "2020-W53": "6", "2021-W01": "9", "2021-W52": "10"}
    assert by_period("tea_yoy", figures, CHANGE, "W") == {
        "2019-W52": (None, None, None, NOTHING),
        "2020-W52": (4, 1, 25.0, None),
        "2020-W53": (None, None, None, "the year before has no week 53"),
        "2021-W01": (None, None, None, NOTHING),
        "2021-W52": (5, 5, 100.0, None),
    }
    weeks = by_period("tea_wow", figures, CHANGE, "W")
    assert weeks["2020-W53"] == (5, 1, 20.0, None)
    assert weeks["2021-W01"] == (6, 3, 50.0, None)
    assert weeks["2020-W52"][3] == "nothing published for the week before"


def test_a_day_is_compared_with_the_same_date_except_29_february():
    figures = {"2023-02-28": "4", "2024-02-28": "5", "2024-02-29": "10", "2024-03-01": "5"}
    assert by_period("tea_yoy", figures, CHANGE, "D") == {
        "2023-02-28": (None, None, None, NOTHING),
        "2024-02-28": (4, 1, 25.0, None),
        "2024-02-29": (None, None, None, "the year before has no 29 February"),
        "2024-03-01": (None, None, None, NOTHING),
    }
    days = by_period("tea_dod", figures, CHANGE, "D")
    assert days["2024-02-29"] == (5, 5, 100.0, None)
    assert days["2024-03-01"] == (10, -5, -50.0, None)
    assert days["2024-02-28"][3] == "nothing published for the day before"


def test_a_business_day_is_compared_with_the_one_before_except_after_a_holiday():
    """A Friday, the Monday after it, and a Wednesday after a holiday."""
    figures = {"2024-04-26": "4", "2024-04-29": "5", "2024-05-02": "6"}
    assert by_period("tea_dod", figures, CHANGE, "B") == {
        "2024-04-26": (None, None, None, "nothing published for the day before"),
        "2024-04-29": (4, 1, 25.0, None),
        "2024-05-02": (None, None, None, "nothing published for the day before"),
    }


def test_a_business_day_is_compared_with_the_last_one_by_that_date_a_year_earlier():
    """27 and 28 April 2024 are a weekend; so is 7 May 2023, and 28 February is in every year."""
    figures = {
        "2023-04-28": "4",
        "2024-04-29": "5",
        "2023-05-05": "2",
        "2024-05-07": "3",
        "2025-04-28": "9",
        "2024-04-26": "8",
        "2023-02-28": "1",
        "2024-02-29": "2",
    }
    found = by_period("tea_yoy", figures, "previous_value", "B")
    assert {period: value for period, (value,) in found.items() if value is not None} == {
        "2024-04-29": 4,
        "2024-05-07": 2,
        "2025-04-28": 8,
        "2024-02-29": 1,
    }


def test_days_and_business_days_are_separate_series():
    rows = [
        figure(value, period, freq=freq, category=category)
        for freq, category, period, value in (
            ("D", "T:1", "2024-04-28", "1"),
            ("D", "T:1", "2024-04-29", "2"),
            ("B", "T:2", "2024-04-26", "4"),
            ("B", "T:2", "2024-04-29", "5"),
        )
    ]
    found = rows_of("tea_dod", published(MAY, *rows), freq="DB", where="change IS NOT NULL")
    assert {row["freq"]: row["percent_change"] for row in found} == {"D": 100.0, "B": 25.0}


@pytest.mark.parametrize(
    ("freq", "model", "periods", "words"),
    [
        ("S", "tea_hoh", ("2023-S2", "2024-S1", "2025-S1"), "half-year"),
        ("T", "tea_tot", ("2023-T3", "2024-T1", "2024-T3"), "four months"),
    ],
)
def test_halves_and_thirds_cross_years_but_not_gaps(freq, model, periods, words):
    found = by_period(model, dict(zip(periods, ("8", "10", "15"), strict=True)), CHANGE, freq)
    assert found[periods[1]] == (8, 2, 25.0, None)
    assert found[periods[2]][3].startswith(f"nothing published for the {words}")


@pytest.mark.parametrize("freq", PERIODS)
def test_a_period_has_the_same_end_in_gold_and_silver(freq):
    rows = [figure("1", period) for period in PERIODS[freq]]
    for name in ("tea", "tea_first_release"):
        found = rows_of(name, published(MAY, *rows, freq=freq), freq=freq)
        for row in found:
            assert row["period_end"] == read_period(row["time_period"], freq).end


def test_the_year_of_a_week_is_its_iso_year():
    rows = [figure("1", "2025-W01")]
    (found,) = rows_of("tea", published(MAY, *rows, freq="W"), freq="W")
    assert (found["period_start"], found["year"]) == (date(2024, 12, 30), 2025)
