"""Periods in SDMX's notation: read in the usual spellings, kept in one form, in order."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.dataset import Dataset
from statpipe.domain.period import (
    DATE_TIMES,
    EXAMPLES,
    in_one_form,
    is_period,
    period_at,
    periods_between,
    place_of,
    read_period,
)

CALENDARS = [freq for freq in EXAMPLES if freq not in DATE_TIMES]
PARTS = {
    "A": [""],
    "S": ["-S1", "-S2"],
    "T": ["-T1", "-T2", "-T3"],
    "Q": ["-Q1", "-Q2", "-Q3", "-Q4"],
    "M": [f"-{month:02d}" for month in range(1, 13)],
}


@pytest.mark.parametrize(
    ("freq", "text", "start", "end"),
    [
        ("A", "2023", "2023-01-01", "2023-12-31"),
        ("S", "2023-S1", "2023-01-01", "2023-06-30"),
        ("T", "2023-T2", "2023-05-01", "2023-08-31"),
        ("Q", "2023-Q4", "2023-10-01", "2023-12-31"),
        ("M", "2024-02", "2024-02-01", "2024-02-29"),
        ("W", "2023-W05", "2023-01-30", "2023-02-05"),
        ("W", "2020-W53", "2020-12-28", "2021-01-03"),
        ("W", "2025-W01", "2024-12-30", "2025-01-05"),
        ("D", "2024-02-29", "2024-02-29", "2024-02-29"),
        ("B", "2023-01-31", "2023-01-31", "2023-01-31"),
        ("H", "2023-01-31T10:00:00", "2023-01-31", "2023-01-31"),
        ("N", "2023-01-31T10:01:00+01:00", "2023-01-31", "2023-01-31"),
    ],
)
def test_a_period_has_a_first_and_a_last_day(freq, text, start, end):
    period = read_period(text, freq)
    assert period.text == text
    assert (period.start.isoformat(), period.end.isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("freq", "text", "canonical"),
    [
        ("A", "2023-A1", "2023"),
        ("A", "2023A1", "2023"),
        ("S", "2023S1", "2023-S1"),
        ("S", "2023-H2", "2023-S2"),
        ("T", "2023T3", "2023-T3"),
        ("Q", "2023Q1", "2023-Q1"),
        ("M", "2023M01", "2023-01"),
        ("M", "2023M1", "2023-01"),
        ("M", "2023-M12", "2023-12"),
        ("W", "2023W05", "2023-W05"),
        ("W", "2023-W5", "2023-W05"),
        ("D", "2023-D031", "2023-01-31"),
        ("D", "2024D366", "2024-12-31"),
        ("D", "2023-01-31T00:00:00", "2023-01-31"),
        ("B", "2023-D031", "2023-01-31"),
        ("H", "2023-01-31T10:00", "2023-01-31T10:00:00"),
        ("H", "2023-01-31T10:00Z", "2023-01-31T10:00:00Z"),
        ("A", "2023Z", "2023"),
        ("A", "2023-A1-05:00", "2023"),
        ("Q", "2023-Q1Z", "2023-Q1"),
        ("M", "2023-01Z", "2023-01"),
        ("M", "2023-01-05:00", "2023-01"),
        ("W", "2023-W05+01:00", "2023-W05"),
        ("D", "2023-01-31+14:00", "2023-01-31"),
        ("D", "2023-D031Z", "2023-01-31"),
        ("B", "2023-01-31Z", "2023-01-31"),
        ("H", "2023-01-31T10:00:00.000", "2023-01-31T10:00:00"),
        ("N", "2023-01-31T10:00:00.250Z", "2023-01-31T10:00:00.25Z"),
        ("H", "2023-01-31T24:00:00", "2023-02-01T00:00:00"),
        ("H", "2023-12-31T24:00:00.0+01:00", "2024-01-01T00:00:00+01:00"),
        ("A", "2023-01-01/P1Y", "2023"),
        ("A", "2023-01-01/P12M", "2023"),
        ("S", "2023-07-01/P6M", "2023-S2"),
        ("T", "2023-05-01/P4M", "2023-T2"),
        ("Q", "2023-04-01T00:00:00/P3M", "2023-Q2"),
        ("M", "2023-02-01/P1M", "2023-02"),
        ("M", "2023-02-01Z/P0Y0M28D", "2023-02"),
        ("W", "2023-01-30/P7D", "2023-W05"),
        ("W", "2024-12-30/P7D", "2025-W01"),
        ("D", "2023-01-31/P1D", "2023-01-31"),
        ("B", "2023-01-31/PT24H", "2023-01-31"),
    ],
)
def test_the_usual_spellings_are_read(freq, text, canonical):
    assert read_period(text, freq) == read_period(canonical, freq)
    assert read_period(text, freq).text == canonical
    # Midnight of a daily figure looks like an hourly one's.
    is_midnight = "T00:" in text and "/" not in text
    assert in_one_form(text) == (text if is_midnight else canonical)


@pytest.mark.parametrize("text", [*EXAMPLES.values(), "2023-01-31T00:00:00", "x", "", "2023-Q5"])
def test_normalized_periods_and_other_texts_stay_unchanged(text):
    assert in_one_form(text) == text


@pytest.mark.parametrize(
    ("freq", "text"), [("D", "2023-01-31T00:00:00.000Z"), ("B", "2023-01-31T00:00:00-05:00")]
)
def test_midnight_of_a_daily_figure_is_its_day(freq, text):
    assert read_period(text, freq).text == "2023-01-31"


def test_a_date_time_gets_its_seconds():
    assert in_one_form("2023-01-31T10:00Z") == "2023-01-31T10:00:00Z"


@pytest.mark.parametrize(("text", "is_one"), [("2023M01", True), ("2023-W54", False), ("", False)])
def test_a_text_is_a_period_if_any_frequency_reads_it(text, is_one):
    assert is_period(text) is is_one


@pytest.mark.parametrize(
    ("text", "freq", "why"),
    [
        ("2023-Q5", "Q", "; expected a form such as 2023-Q1"),
        ("2023-Q0", "Q", ""),
        ("2023-Q1", "M", "; expected a form such as 2023-01"),
        ("2023-S3", "S", ""),
        ("2023-T4", "T", ""),
        ("2023", "M", ""),
        ("2023-13", "M", ""),
        ("2023-00", "M", ""),
        ("2023M13", "M", ""),
        ("2023-01", "A", "; expected a form such as 2023"),
        ("2021-W53", "W", ": Invalid week: 53; expected a form such as 2023-W05"),
        ("2023-W00", "W", ": Invalid week: 0"),
        ("2023-02-29", "D", ": day "),
        ("2023-D366", "D", ": 2023 has no day 366"),
        ("2023-D000", "D", ": 2023 has no day 0"),
        ("2023-01-28", "B", ": 2023-01-28 is a Saturday, not a business day"),
        ("2023-01-31T10:00:00", "D", ""),
        ("2023-01-31", "H", "; expected a form such as 2023-01-31T10:00:00"),
        ("2023-01-31T24:00:01", "H", ""),
        ("2023-01-31T24:01", "H", ""),
        ("2023-01-31T10:00.5", "H", ""),
        ("9999-12-31T24:00:00", "H", ""),
        # The end of this day, or the beginning of the next one, and nobody says which.
        ("2023-01-31T24:00:00", "D", ""),
        ("2023-01-05:60", "M", ""),
        ("2023-01-01/P1M", "Q", ": it is 2023-01-01 to 2023-01-31"),
        ("2023-02-01/P3M", "Q", ": it is 2023-02-01 to 2023-04-30"),
        ("2023-01-31/P7D", "W", ": it is 2023-01-31 to 2023-02-06"),
        ("2023-01-28/P1D", "B", ": it is 2023-01-28 to 2023-01-28"),
        ("2023-01-01/P0D", "D", ": its duration P0D is not a whole number of days"),
        ("2023-01-01/PT23H", "D", ": its duration PT23H is not a whole number of days"),
        ("2023-01-01/PT24H0.5S", "D", ": its duration PT24H0.5S is not"),
        ("2023-01-01/P", "D", ": its duration P is not"),
        ("2023-01-01/P1DT", "D", ": its duration P1DT is not"),
        ("2023-01-01/-P1D", "D", ": its duration -P1D is not"),
        ("2023-01-01/P1W", "W", ": its duration P1W is not"),
        ("2023-01-01/P99999999999D", "D", ": "),
        ("2023-01-01/P99999Y", "A", ": "),
        ("2023-02-30/P1M", "M", ": day "),
        ("2023-01/P1M", "M", ": it does not begin with a date"),
        ("2023-01-01T10:00:00/P1M", "M", ": it does not begin with a date"),
        ("2023-01-01/2023-01-31", "M", ": its duration 2023-01-31 is not"),
        ("2023-01-31T10:00:00/PT1H", "H", ""),
        ("23", "A", ""),
        ("0999", "A", ""),
        ("2023 ", "A", ""),
        ("2023\n", "A", ""),
        ("", "A", ""),
        ("٢٠٢٣", "A", ""),
    ],
)
def test_anything_else_is_not_a_period_and_the_message_has_the_reason(text, freq, why):
    with pytest.raises(ValueError, match="is not a period of frequency") as caught:
        read_period(text, freq)
    assert str(caught.value).startswith(f"{text!r} is not a period of frequency {freq}{why}")


def test_an_unknown_frequency_is_reported_with_the_known_ones():
    with pytest.raises(ValueError, match="'X' is not a frequency; expected one of A, S, T, Q, M"):
        read_period("2023", "X")
    with pytest.raises(
        ValueError, match="dataset T: freq is 'X'; expected a code of SDMX CL_FREQ: A, S"
    ):
        Dataset(name="T", title="t", normalizer="n", freq="X")
    with pytest.raises(ValueError, match="dataset T: freq is 'MQ'; expected one code"):
        Dataset(name="T", title="t", normalizer="n", freq="MQ")


@pytest.mark.parametrize(
    ("freq", "text", "canonical", "start", "end"),
    [
        ("A", "2023", "2023", "2023-07-01", "2024-06-30"),
        ("S", "2023-S2", "2023-S2", "2024-01-01", "2024-06-30"),
        ("T", "2023-T3", "2023-T3", "2024-03-01", "2024-06-30"),
        ("Q", "2023-Q1", "2023-Q1", "2023-07-01", "2023-09-30"),
        ("M", "2023-M01", "2023-07", "2023-07-01", "2023-07-31"),
        ("M", "2023-M12", "2024-06", "2024-06-01", "2024-06-30"),
        ("D", "2023-D366", "2024-06-30", "2024-06-30", "2024-06-30"),
        ("M", "2023-01", "2023-01", "2023-01-01", "2023-01-31"),
        ("D", "2023-01-31", "2023-01-31", "2023-01-31", "2023-01-31"),
        ("W", "2023-W05", "2023-W05", "2023-01-30", "2023-02-05"),
        ("A", "2023-07-01/P1Y", "2023", "2023-07-01", "2024-06-30"),
        ("S", "2024-01-01/P6M", "2023-S2", "2024-01-01", "2024-06-30"),
        ("M", "2024-01-01/P1M", "2024-01", "2024-01-01", "2024-01-31"),
    ],
)
def test_a_reporting_year_counts_its_parts_from_its_first_day(freq, text, canonical, start, end):
    period = read_period(text, freq, "--07-01")
    assert (period.text, str(period.start), str(period.end)) == (canonical, start, end)
    assert read_period(period.text, freq, "--07-01") == period


@given(st.integers(1000, 2998), st.sampled_from(sorted(PARTS)), st.integers(1, 12))
def test_the_periods_of_a_year_fill_it_without_gap_or_overlap(year, freq, month):
    year_start = f"--{month:02}-01" if freq != "M" else "--01-01"
    parts = [read_period(f"{year}{part}", freq, year_start) for part in PARTS[freq]]
    assert parts[0].start == date(year, 1 if freq == "M" else month, 1)
    for one, following in zip(parts, [*parts[1:], None], strict=True):
        begins = following.start if following else parts[0].start.replace(year=year + 1)
        assert one.end + timedelta(days=1) == begins


places = st.sampled_from(CALENDARS).flatmap(
    lambda freq: st.tuples(
        st.just(freq),
        st.integers(place_of(EXAMPLES[freq], freq) - 900, place_of(EXAMPLES[freq], freq) + 900),
    )
)


@given(places)
def test_a_period_and_its_position_in_the_calendar_convert_both_ways(drawn):
    freq, place = drawn
    text = period_at(place, freq)
    assert place_of(text, freq) == place
    assert read_period(text, freq).text == text


@given(places)
def test_periods_have_the_same_order_by_position_time_and_text(drawn):
    freq, place = drawn
    one, following = (read_period(period_at(n, freq), freq) for n in (place, place + 1))
    assert one.start <= one.end < following.start
    gap = (following.start - one.end).days - 1
    assert gap == (2 if freq == "B" and one.start.isoweekday() == 5 else 0)
    assert one.text < following.text


@given(places)
def test_a_range_with_the_days_of_a_period_is_that_period(drawn):
    freq, place = drawn
    period = read_period(period_at(place, freq), freq)
    days = (period.end - period.start).days + 1
    assert read_period(f"{period.start}/P{days}D", freq) == period


@given(places, st.sampled_from(["Z", "+05:30", "-11:00"]))
def test_a_time_zone_does_not_change_a_period_of_whole_days(drawn, zone):
    freq, place = drawn
    text = period_at(place, freq)
    assert read_period(text + zone, freq) == read_period(text, freq)


@given(places, st.integers(0, 40))
def test_the_periods_between_two_are_complete_and_in_order(drawn, more):
    freq, place = drawn
    wanted = [period_at(place + n, freq) for n in range(more + 1)]
    assert periods_between(wanted[0], wanted[-1], freq) == wanted
    assert periods_between(wanted[-1], wanted[-1], freq) == wanted[-1:]


def test_date_times_have_no_position_in_a_calendar():
    with pytest.raises(ValueError, match="date-times of frequency H have no calendar"):
        periods_between("2023-01-31T10:00:00", "2023-01-31T12:00:00", "H")
