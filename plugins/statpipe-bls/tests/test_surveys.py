"""Each survey by its lines of configuration: which series are asked for, and what becomes of them. Figures are made up."""

from __future__ import annotations

import pytest

from statpipe.api import ConfigError, ContentError, Secret
from statpipe_bls.asked import series_of
from statpipe_bls.settings import SURVEYS
from statpipe_bls.source import BlsSource
from statpipe_bls.survey import survey_named

SHOWN = ("ref_area", "category", "freq", "time_period", "printed", "obs_status", "unit_measure")


def shown(rows):
    return sorted(tuple((row | {"printed": printed(row)})[name] for name in SHOWN) for row in rows)


def printed(row):
    value = row["obs_value"]
    return "-" if value is None else f"{value:.{row['decimals']}f}"


@pytest.mark.parametrize(
    ("survey", "count", "one"),
    [
        ("LA", 416, "LASST060000000000003"),
        ("SM", 106, "SMS06000000000000001"),
        ("CE", 32, "CES0000000001"),
        ("CU", 37, "CUUR0000SA0"),
        ("EN", 265, "ENU0600010010"),
    ],
)
def test_one_line_of_settings_selects_the_series_of_all_areas(settings_of, survey, count, one):
    (dataset,) = BlsSource(
        settings_of(survey, areas=(), codes={}, key=Secret("12345678"))
    ).datasets()
    series = series_of(dataset, survey_named(survey))
    assert len(set(series)) == len(series) == count
    assert one in series


def test_employment_by_state_is_read(bls, read):
    bls.figures = {
        ("SMS06000000000000001", "2023", "M01"): "17786.9",
        ("SMU00000000000000001", "2023", "M02"): "153000.0 P",
    }
    assert shown(read("SM")) == [
        ("CA", "S.00000000.01", "M", "2023-01", "17786.9", "A", "Thousands of persons"),
        ("US", "U.00000000.01", "M", "2023-02", "153000.0", "P", "Thousands of persons"),
    ]


def test_a_metropolitan_area_is_named_by_the_list_of_bls(bls, read):
    bls.figures = {("SMU06310800000000001", "2023", "M01"): "4567.8"}
    bls.lists = {
        "sm.area": "area_code\tarea_name\n31080\tLos Angeles-Long Beach-Anaheim, CA\n",
        "sm.industry": "industry_code\tindustry_name\n00000000\tTotal Nonfarm\n",
        "sm.data_type": "data_type_code\tdata_type_text\n01\tAll Employees, In Thousands\n",
    }
    (row,) = read("SM", areas=("0631080",), contact="data@example.org")
    assert (row["ref_area"], row["geo_level"]) == ("0631080", "area")
    assert row["geo_name"] == "Los Angeles-Long Beach-Anaheim, CA"
    assert row["data_type_name"] == "All Employees, In Thousands"
    assert row["unit_mult"] == 3


def test_employment_of_the_nation_is_read(bls, read):
    bls.figures = {
        ("CES0000000001", "2023", "M01"): "154773",
        ("CEU9000000001", "2023", "M01"): "22300 P",
    }
    assert shown(read("CE")) == [
        ("US", "S.00000000.01", "M", "2023-01", "154773", "A", "Thousands of persons"),
        ("US", "U.90000000.01", "M", "2023-01", "22300", "P", "Thousands of persons"),
    ]


def test_consumer_prices_are_read_by_month_half_and_year(bls, read):
    bls.figures = {
        ("CUUR0000SA0", "2023", "M01"): "299.170",
        ("CUUR0000SA0", "2023", "S01"): "302.408",
        ("CUUR0000SA0", "2023", "S02"): "306.996",
        ("CUURS49ASA0", "2023", "M03"): "320.514",
    }
    assert shown(read("CU")) == [
        ("S49A", "U.R.SA0", "M", "2023-03", "320.514", "A", "Index"),
        ("US", "U.R.SA0", "M", "2023-01", "299.170", "A", "Index"),
        ("US", "U.R.SA0", "S", "2023-S1", "302.408", "A", "Index"),
        ("US", "U.R.SA0", "S", "2023-S2", "306.996", "A", "Index"),
    ]


def test_wages_are_read_by_quarter_and_year_with_suppressed_figures(bls, read):
    bls.footnotes = {"N": "Data do not meet BLS or State agency disclosure standards."}
    bls.figures = {
        ("ENU0600040010", "2023", "Q01"): "1700",
        ("ENU0600040010", "2023", "Q05"): "1650",
        ("ENU0600050010", "2022", "A01"): "86000",
        ("ENUUS00010010", "2023", "M01"): "149000000",
        ("ENUUS00010010", "2023", "M02"): "- N",
    }
    assert shown(read("EN")) == [
        ("CA", "U.4.0.0.10", "A", "2023", "1650", "A", "Dollars a week"),
        ("CA", "U.4.0.0.10", "Q", "2023-Q1", "1700", "A", "Dollars a week"),
        ("CA", "U.5.0.0.10", "A", "2022", "86000", "A", "Dollars a year"),
        ("US", "U.1.0.0.10", "M", "2023-01", "149000000", "A", "Persons"),
        ("US", "U.1.0.0.10", "M", "2023-02", "-", "Q", "Persons"),
    ]


def test_an_unlisted_county_and_industry_are_named_by_their_codes(bls, read):
    bls.figures = {("ENU060371051133", "2023", "M01"): "1200"}
    codes = {"industry": ("1133",), "ownership": ("5",), "data_type": ("1",)}
    (row,) = read("EN", areas=("06037",), codes=codes)
    assert (row["geo_name"], row["industry_name"]) == ("06037", "1133")


def test_states_have_the_codes_of_other_sources(read):
    row = next(row for row in read() if row["ref_area"] == "CA")
    assert (row["geo_name"], row["geo_level"]) == ("California", "state")
    assert (row["geo_fips"], row["iso_3166"]) == ("06000", "US-CA")


@pytest.mark.parametrize(
    ("survey", "error", "says"),
    [
        ("", ConfigError, "sources.bls.survey is not set; choose one of LA, SM, CE, CU, EN"),
        ("la", ValueError, "'survey' must be one of LA, SM, CE, CU, EN: 'la'"),
    ],
)
def test_a_survey_must_be_named(settings_of, survey, error, says):
    with pytest.raises(error) as raised:
        BlsSource(settings_of(survey))
    assert str(raised.value) == says


def test_figures_of_an_unknown_survey_are_refused():
    with pytest.raises(ContentError, match="no survey is named XY; expected one of LA, SM"):
        survey_named("XY")


def test_the_settings_offer_the_surveys_of_the_table():
    assert [survey_named(code).code for code in SURVEYS] == list(SURVEYS)
