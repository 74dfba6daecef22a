"""Rows that a reader selects, and the message if there are none."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import Column, ConfigError, Model
from statpipe.domain.period import EXAMPLES, period_at, place_of
from statpipe.engine.answers.period_range import range_of
from statpipe.engine.answers.rows import NoRows, chosen_rows

COLUMNS = {
    "ref_area": "text",
    "area_name": "text",
    "time_period": "text",
    "year": "integer",
    "value": "decimal",
}
MODEL = Model(
    name="tea",
    title="Tea",
    inputs=("tea_prices",),
    grain=("ref_area", "time_period"),
    columns=tuple(Column(name=n, type=t, description=n) for n, t in COLUMNS.items()),  # type: ignore[arg-type]
    sql="",
)
ROWS = [
    ("CA", "California", "2019"),
    ("CA", "California", "2020"),
    ("US", "United States", "2020"),
    ("US", "United States", "2021"),
]
TABLE = pa.table(
    {
        "ref_area": pa.array([r[0] for r in ROWS]).dictionary_encode(),
        "area_name": pa.array([r[1] for r in ROWS]).dictionary_encode(),
        "time_period": pa.array([r[2] for r in ROWS]).dictionary_encode(),
        "year": pa.array([int(r[2]) for r in ROWS]),
        "value": pa.array([1, 2, 3, 4], pa.decimal128(38, 18)),
    }
)


def values(**wanted):
    rows = chosen_rows(TABLE, MODEL, {name: tuple(v.split()) for name, v in wanted.items()})
    return [int(value) for value in rows["value"].to_pylist()]


def refusal(**wanted):
    with pytest.raises(ConfigError) as raised:
        values(**wanted)
    return str(raised.value)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"ref_area": "CA"}, [1, 2]),
        ({"ref_area": "US CA"}, [1, 2, 3, 4]),
        ({"ref_area": "CA", "time_period": "2020"}, [2]),
        ({"time_period": "2019 2021"}, [1, 4]),
        ({"time_period": "2020:2021"}, [2, 3, 4]),
        ({"time_period": "2020:"}, [2, 3, 4]),
        ({"time_period": ":2019"}, [1]),
        ({"time_period": ":2019 2021"}, [1, 4]),
        ({"year": "2021"}, [4]),
    ],
)
def test_rows_must_match_all_filters(wanted, found):
    assert values(**wanted) == found


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"ref_area": "ca"}, "--area ca: tea has no ref_area ca; did you mean 'CA' (California)?"),
        (
            {"ref_area": "Californa"},
            "--area Californa: tea has no ref_area Californa; did you mean 'CA' (California)?",
        ),
        ({"ref_area": "CA XX"}, "--area XX: tea has no ref_area XX; it has CA, US"),
        (
            {"time_period": "1990"},
            "--period 1990: tea has no time_period 1990; it has 2019 to 2021",
        ),
        (
            {"time_period": "2022:2025"},
            "--period 2022:2025: tea has no time_period 2022:2025; it has 2019 to 2021",
        ),
        (
            {"ref_area": "CA", "time_period": "2021"},
            "no row matches all of --area CA --period 2021: tea has no time_period 2021 for ref_area CA; it has 2019 to 2020",
        ),
        (
            {"time_period": "2022:2020"},
            "--period 2022:2020 ends before it begins; use --period 2020:2022",
        ),
        (
            {"category": "x"},
            "model tea has no column category; its columns are ref_area, area_name, time_period, year, value",
        ),
        (
            {"value": "1"},
            "rows of tea cannot be chosen by value, a decimal; choose by ref_area, area_name, time_period, year",
        ),
    ],
)
def test_an_unknown_value_is_refused_with_the_known_ones(wanted, says):
    assert refusal(**wanted) == says


def test_a_message_lists_only_some_of_many_values():
    table = pa.table({"ref_area": [f"A{n:02}" for n in range(40)]})
    with pytest.raises(ConfigError) as raised:
        chosen_rows(table, MODEL, {"ref_area": ("zzzz",)})
    assert str(raised.value).endswith(
        "it has A00, A01, A02, A03, A04, A05, A06, A07, A08, A09, A10, A11, and 28 more"
    )


def test_an_empty_table_says_so():
    with pytest.raises(ConfigError, match="tea has no ref_area CA; it has no row"):
        chosen_rows(TABLE.slice(0, 0), MODEL, {"ref_area": ("CA",)})


def test_the_message_names_the_fewest_options_that_leave_no_rows():
    wanted = {"area_name": "California", "ref_area": "CA US", "time_period": "2021"}
    assert refusal(**wanted).startswith(
        "no row matches all of --where area_name=California --period 2021: tea has no "
    )
    with pytest.raises(NoRows):
        values(**wanted)


SPELLED = ("2023", "2023-Q1", "2023-01", "2023-02", "2023-W05", "2023-01-31", "2023-01-31T10:00:00")


def chosen_periods(*wanted, there=SPELLED):
    rows = pa.table({"time_period": pa.array(there)})
    return chosen_rows(rows, MODEL, {"time_period": wanted})["time_period"].to_pylist()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2023A1", ["2023"]),
        ("2023Q1", ["2023-Q1"]),
        ("2023M01", ["2023-01"]),
        ("2023-W5", ["2023-W05"]),
        ("2023-D031", ["2023-01-31"]),
        ("2023-01-31T10:00", ["2023-01-31T10:00:00"]),
        ("2023M2:2023-02", ["2023-02", "2023-W05"]),
        ("2023-01-31T09:00:2023-01-31T11:00:00", ["2023-01-31T10:00:00"]),
        ("2023-01-31T10:00:", ["2023-01-31T10:00:00", "2023-02", "2023-W05"]),
    ],
)
def test_periods_can_be_given_in_any_common_spelling(typed, found):
    assert sorted(chosen_periods(typed)) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2019:2021", "2019 2019-01 2019-W01 2021 2021-12 2021-12-31 2021-12-31T23:00:00 2021-Q4"),
        ("2021-06:2021-Q4", "2021-12 2021-12-31 2021-12-31T23:00:00 2021-Q4"),
        (":2019", "2018-12-31 2019 2019-01 2019-W01"),
        ("2021-12-31:", "2021-12-31 2021-12-31T23:00:00 2022-01"),
        ("2021-12-31:2021-12-31T23:00", "2021-12-31T23:00:00"),
        ("2019-W01:2019-W01", "2018-12-31 2019-W01"),
    ],
)
def test_a_range_includes_periods_of_all_frequencies(typed, found):
    there = "2018-12-31 2019 2019-01 2019-W01 2021 2021-12 2021-12-31 2021-12-31T23:00:00 2021-Q4 2022-01"
    assert sorted(chosen_periods(typed, there=there.split())) == found.split()


@given(st.sampled_from("ASTQMWD"), st.integers(2015, 2024), st.integers(0, 2), st.data())
def test_a_range_of_years_includes_all_periods_by_the_calendar(freq, first, more, data):
    years = f"{first}:{first + more}"
    place = data.draw(st.integers(place_of(at(2014, freq), freq), place_of(at(2026, freq), freq)))
    text = period_at(place, freq)
    assert bool(range_of(years).within([text])) == (first <= int(text[:4]) <= first + more)


def at(year, freq):
    return {**EXAMPLES, "A": "2023"}[freq].replace("2023", str(year))


def test_a_model_may_have_its_own_form_of_periods():
    assert chosen_periods("2023M01", there=["2023M01", "2023M02"]) == ["2023M01"]


def test_a_reversed_range_is_refused_in_any_spelling():
    assert refusal(time_period="2023M10:2023M9") == (
        "--period 2023M10:2023M9 ends before it begins; use --period 2023-09:2023-10"
    )
