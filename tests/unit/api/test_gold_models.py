"""The standard Gold models: which there are, and what their SQL makes of figures."""

from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import Code, Dimension, Instance
from statpipe.api.gold import gold_families, gold_models
from statpipe.domain.dataset import Dataset
from statpipe.domain.history import Published
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.period import read_period
from statpipe.domain.seal import seal
from statpipe.domain.vintage import Vintage
from statpipe.engine.gold.computed import computed
from statpipe.engine.site.model_order import in_order
from statpipe.testing.history import history

MAY, JUNE, JULY = (date(2024, month, 1) for month in (5, 6, 7))
SEX = Dimension(
    id="SEX", name="Sex", codes=(Code(code="F", name="women"), Code(code="M", name="men"))
)
COMMON = ["tea_category", "tea_area", "tea_history", "tea", "tea_first_release", "tea_revisions"]
PERIODS = {
    "A": ("2022", "2023"),
    "S": ("2022-S1", "2023-S1"),
    "Q": ("2022-Q4", "2023-Q1"),
    "T": ("2022-T3", "2023-T1"),
    "M": ("2022-12", "2023-01"),
    "W": ("2022-W52", "2023-W01"),
    "D": ("2022-12-31", "2023-01-01"),
    "B": ("2022-12-30", "2023-01-02"),
}


def family(freq="A"):
    return gold_models(name="tea", source="prices", title="Prices of tea", freq=freq)


def figure(value, period="2023", area="CAL", category="T:1", **more):
    missing = value is None
    return {
        "ref_area": area,
        "category": category,
        "time_period": period,
        "obs_value": value,
        "obs_status": "Q" if missing else "A",
        "source_symbol": "(D)" if missing else None,
        **more,
    }


def published(released, *rows, freq="A", sequence=1, dataset="T", dimensions=()):
    described = Dataset(name=dataset, title="t", normalizer="n", freq=freq, dimensions=dimensions)
    vintage = Vintage(released=released, sequence=sequence)
    table = seal(observations_from_rows(rows), described, vintage.id)
    return Published(vintage=vintage, table=table)


def relations(models, *datasets):
    """A database with the source's history and every model, each made of those before it."""
    connection = duckdb.connect()
    histories = [history(vintages) for vintages in datasets]
    connection.register("prices", pa.concat_tables(histories).unify_dictionaries())
    for model in in_order(models):
        connection.register(model.name, computed(connection, model, model.latest_sql))
    return connection


def rows_of(name, *vintages, freq="A", where="true"):
    """A model's rows, out of vintages of one dataset."""
    connection = relations(family(freq), vintages)
    return connection.sql(f'SELECT * FROM "{name}" WHERE {where}').to_arrow_table().to_pylist()


def by_period(name, figures, columns, freq="A"):
    """A model's columns by period, out of one release of one series."""
    rows = [figure(value, period) for period, value in figures.items()]
    found = rows_of(name, published(MAY, *rows, freq=freq), freq=freq)
    return {row["time_period"]: tuple(row[c] for c in columns.split()) for row in found}


def before(day):
    return day - timedelta(days=1)


# --- The models --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("freq", "derived"),
    [
        ("A", ["tea_yoy", "tea_rolling"]),
        ("S", ["tea_yoy", "tea_hoh"]),
        ("T", ["tea_yoy", "tea_tot"]),
        ("W", ["tea_yoy", "tea_wow"]),
        ("D", ["tea_yoy", "tea_dod"]),
        ("B", ["tea_yoy", "tea_dod"]),
        ("DB", ["tea_yoy", "tea_dod"]),
        ("H", []),
        ("AM", ["tea_yoy", "tea_mom", "tea_rolling"]),
        ("Q", ["tea_yoy", "tea_qoq"]),
        ("M", ["tea_yoy", "tea_mom"]),
    ],
)
def test_the_frequency_says_which_derivatives_there_are(freq, derived):
    assert [model.name for model in family(freq)] == COMMON + derived


@pytest.mark.parametrize("freq", PERIODS)
def test_tables_read_the_source_and_views_read_models_alone(freq):
    models = family(freq)
    names = {model.name for model in models}
    assert {m.name for m in models if m.materialized == "table"} == set(COMMON[:3])
    for model in models:
        wanted = {"prices"} if model.materialized == "table" else names - {model.name}
        assert set(model.inputs) <= wanted


@pytest.mark.parametrize("freq", PERIODS)
def test_only_the_latest_figures_can_be_asked_for_another_day(freq):
    assert [model.name for model in family(freq) if model.takes_date] == ["tea"]


@pytest.mark.parametrize("freq", PERIODS)
@pytest.mark.parametrize("names", [{}, {"sex": "Sex"}], ids=["plain", "with a dimension"])
def test_every_declared_column_is_made_and_in_its_order(freq, names):
    rows = [figure("1", period) for period in PERIODS[freq]]
    dimensions = tuple(Dimension(id=one, name=name) for one, name in names.items())
    if dimensions:
        rows = [of_sex("F", row) for row in rows]
    models = [m.with_dimensions(names) if m.takes_dimensions else m for m in family(freq)]
    connection = relations(models, [published(MAY, *rows, freq=freq, dimensions=dimensions)])
    for model in models:
        assert connection.sql(model.latest_sql).columns == [c.name for c in model.columns]
    for name in ("tea", "tea_history", "tea_first_release", "tea_yoy"):
        assert connection.sql(f"SELECT count(*) FROM {name}").fetchall() == [(2,)]


def of_sex(sex, row):
    """The same row with a code of a dimension in place of its category."""
    return {name: value for name, value in row.items() if name != "category"} | {"sex": sex}


@pytest.mark.parametrize(
    "name",
    [
        "DEPTH",
        "PATH",
        "RECENCY",
        "LAST_DAY",
        "LAST_VINTAGE",
        "SINCE",
        "UNIT",
        "VALUE",
        "YEAR",
        "TREE",
        "PLACE",
    ],
)
def test_whatever_a_dimension_is_called_the_models_have_its_column(name):
    one = Dimension(id=name, name="x")
    row = {k: v for k, v in figure("1").items() if k != "category"} | {one.column: "F"}
    models = [m.with_dimensions({one.column: "x"}) if m.takes_dimensions else m for m in family()]
    connection = relations(models, [published(MAY, row, dimensions=(one,))])
    for model in ("tea", "tea_category"):
        assert connection.sql(f"SELECT {one.column} FROM {model}").fetchall() == [("F",)]


def test_only_categories_and_the_latest_figures_have_the_dimensions_of_the_source():
    assert [m.name for m in family() if m.takes_dimensions] == ["tea_category", "tea"]


def test_a_dimension_keeps_its_figures_apart_and_names_them():
    rows = [
        of_sex(sex, figure(value, period))
        for period, sex, value in (
            ("2022", "F", "100"),
            ("2022", "M", "10"),
            ("2023", "F", "110"),
            ("2023", "M", "9"),
        )
    ]
    revised = [{**row, "obs_value": "20"} if row["obs_value"] == "10" else row for row in rows]
    vintages = [published(day, *r, dimensions=(SEX,)) for day, r in ((MAY, rows), (JUNE, revised))]  # fmt: skip
    models = [m.with_dimensions({"sex": "Sex"}) if m.takes_dimensions else m for m in family()]
    connection = relations(models, vintages)

    def found(columns, name, where="true"):
        return connection.sql(f"SELECT {columns} FROM {name} WHERE {where} ORDER BY ALL").fetchall()

    assert found("category, change", "tea_yoy", "year = 2023") == [("F", 10), ("M", -11)]
    assert found("category, old_value, new_value", "tea_revisions") == [("M", 10, 20)]
    assert found("category, value", "tea_first_release", "year = 2022") == [("F", 100), ("M", 10)]
    assert found("category, figures_3y", "tea_rolling", "year = 2023") == [("F", 2), ("M", 2)]
    assert found("sex, sex_name, value", "tea", "year = 2022") == [
        ("F", "women", 100),
        ("M", "men", 20),
    ]
    assert found("category, category_name, sex", "tea_category") == [
        ("F", "women", "F"),
        ("M", "men", "M"),
    ]


def test_no_figures_are_empty_models():
    connection = relations(family(), [published(MAY)])
    for model in family():
        assert connection.sql(f"SELECT count(*) FROM {model.name}").fetchall() == [(0,)]


# --- Latest, history, first release ------------------------------------------------------------


def test_the_latest_figures_are_those_of_the_last_day_and_of_any_day_that_is_asked_for():
    vintages = [published(MAY, figure("1")), published(JUNE, figure("2")), published(JULY)]
    connection = relations(family(), vintages)
    latest = next(model for model in family() if model.name == "tea")

    def values(day):
        return connection.sql(f"SELECT value FROM ({latest.sql_as_of(day)})").fetchall()

    assert values(f"DATE '{before(MAY)}'") == []
    assert values(f"DATE '{MAY}'") == values(f"DATE '{before(JUNE)}'") == [(1,)]
    assert values(f"DATE '{JUNE}'") == values(f"DATE '{before(JULY)}'") == [(2,)]
    assert values(f"DATE '{JULY}'") == connection.sql("SELECT value FROM tea").fetchall() == []


def test_a_figure_stands_beside_the_names_of_its_area_and_category():
    described = {"geo_name": "Calcutta", "geo_level": "port", "category_name": "Dust"}
    (row,) = rows_of("tea", published(MAY, figure("0.00000001", **described, unit_mult=6)))
    assert (row["area_name"], row["geo_level"], row["category_name"]) == tuple(described.values())
    assert (row["value"], row["unit_mult"], row["year"]) == (Decimal("0.00000001"), 6, 2023)
    assert (row["vintage"], row["realtime_start"]) == ("2024-05-01", MAY)


def test_a_figure_that_was_replaced_under_its_own_date_is_in_the_history_alone():
    vintages = [published(MAY, figure("1")), published(MAY, figure("2"), sequence=2)]
    found = rows_of("tea_history", *vintages)
    assert [(r["value"], r["vintage"], r["realtime_end"]) for r in found] == [
        (1, "2024-05-01", before(MAY)),
        (2, "2024-05-01.02", date(9999, 12, 31)),
    ]
    assert [row["value"] for row in rows_of("tea", *vintages)] == [2]


def test_the_first_release_is_what_was_published_first_whatever_came_later():
    found = rows_of(
        "tea_first_release",
        published(MAY, figure("1", "2021"), figure(None, "2022"), figure("5", "2020")),
        published(JUNE, figure("2", "2021"), figure("3", "2022"), figure("4", "2023")),
        published(JULY, figure("2", "2021"), figure("3", "2022"), figure("6", "2020")),
    )
    assert {row["year"]: (row["value"], row["obs_status"], row["vintage"]) for row in found} == {
        2020: (5, "A", "2024-05-01"),
        2021: (1, "A", "2024-05-01"),
        2022: (None, "Q", "2024-05-01"),
        2023: (4, "A", "2024-06-01"),
    }


def test_of_two_vintages_under_one_date_the_first_is_the_first_release():
    vintages = [published(MAY, figure("1")), published(MAY, figure("2"), sequence=2)]
    assert [row["value"] for row in rows_of("tea_first_release", *vintages)] == [1]


# --- Revisions ---------------------------------------------------------------------------------

REVISION = "old_value new_value difference percent old_status new_status"


def revision(old, new, columns=REVISION):
    found = rows_of("tea_revisions", published(MAY, old), published(JUNE, new))
    return [tuple(row[name] for name in columns.split()) for row in found]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("100", "110", (100, 110, 10, 10.0, "A", "A")),
        ("-100", "-110", (-100, -110, -10, -10.0, "A", "A")),
        ("-100", "50", (-100, 50, 150, 150.0, "A", "A")),
        ("0", "5", (0, 5, 5, None, "A", "A")),
        ("5", "0", (5, 0, -5, -100.0, "A", "A")),
        ("100", None, (100, None, None, None, "A", "Q")),
        (None, "100", (None, 100, None, None, "Q", "A")),
    ],
)
def test_a_changed_figure_is_a_revision(old, new, wanted):
    assert revision(figure(old), figure(new)) == [wanted]


def test_a_revision_says_which_releases_and_when():
    columns = "old_vintage new_vintage revised_on time_period year"
    assert revision(figure("1"), figure("2"), columns) == [
        ("2024-05-01", "2024-06-01", JUNE, "2023", 2023)
    ]


@pytest.mark.parametrize("changed", [{"notes": "Estimated."}, {"geo_name": "Calcutta"}], ids=repr)
def test_where_only_words_about_a_figure_changed_there_is_no_revision(changed):
    assert revision(figure("1"), figure("1", **changed)) == []


def test_a_status_mark_or_unit_that_changed_is_a_revision():
    marks = revision(
        figure("1"), figure("1", source_symbol="e"), "difference old_symbol new_symbol"
    )
    assert marks == [(0, None, "e")]
    assert revision(figure("1"), figure("1", obs_status="E")) == [(1, 1, 0, 0.0, "A", "E")]
    units = revision(figure("1"), figure("1", unit_measure="Euros"), "old_unit new_unit")
    assert units == [("number", "Euros")]


@pytest.mark.parametrize("changed", [{"unit_measure": "Thousands"}, {"unit_mult": 3}], ids=repr)
def test_figures_in_different_units_have_no_difference(changed):
    columns = "old_value new_value difference percent"
    assert revision(figure("1"), figure("1000", **changed), columns) == [(1, 1000, None, None)]
    assert revision(figure("1"), figure("1", **changed), columns) == [(1, 1, None, None)]


def test_figures_that_changed_under_an_unchanged_date_are_a_revision():
    found = rows_of(
        "tea_revisions",
        published(MAY, figure("1")),
        published(MAY, figure("2"), sequence=2),
        published(JUNE, figure("4")),
    )
    columns = ("old_value", "new_value", "old_vintage", "new_vintage", "revised_on")
    assert [tuple(row[name] for name in columns) for row in found] == [
        (1, 2, "2024-05-01", "2024-05-01.02", MAY),
        (2, 4, "2024-05-01.02", "2024-06-01", JUNE),
    ]


def test_a_figure_that_was_dropped_and_returns_is_revised_only_where_it_differs():
    same = [published(MAY, figure("1")), published(JUNE), published(JULY, figure("1"))]
    other = [*same[:2], published(JULY, figure("3"))]
    assert rows_of("tea_revisions", *same) == []
    (row,) = rows_of("tea_revisions", *other)
    assert (row["old_value"], row["new_value"], row["revised_on"]) == (1, 3, JULY)


# --- Changes over time -------------------------------------------------------------------------

CHANGE = "previous_value change percent_change reason"
NOTHING = "nothing published for the year before"


def test_year_on_year_has_a_percentage_or_the_reason_why_there_is_none():
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


def test_a_change_is_between_figures_in_one_unit():
    old = figure("100", "2022", unit_measure="Chained 2012 dollars")
    new = figure("200", "2023", unit_measure="Chained 2017 dollars")
    (row,) = rows_of("tea_yoy", published(MAY, old, new), where="time_period = '2023'")
    assert (row["change"], row["percent_change"]) == (None, None)
    assert row["reason"] == "the figure for 2022 is in another unit: Chained 2012 dollars"


def test_means_and_growth_are_of_figures_in_one_unit():
    years = [figure("100", str(y), unit_measure="Pounds") for y in range(2018, 2023)]
    other = figure("900", "2023", unit_measure="Euros")
    (row,) = rows_of("tea_rolling", published(MAY, *years, other), where="year = 2023")
    assert (row["mean_3y"], row["growth_3y"], row["figures_3y"]) == (None, None, 1)


def test_a_figure_that_is_missing_without_a_symbol_is_so_by_its_status():
    rows = [figure("1", "2021"), figure(None, "2022", source_symbol=None, obs_status="O")]
    found = rows_of("tea_yoy", published(MAY, *rows, figure("1", "2023")))
    assert [row["reason"] for row in found] == [NOTHING, *["no figure for 2022: O"] * 2]


def test_the_change_is_between_figures_of_the_same_state_area_and_category():
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


def test_month_on_month_crosses_the_year_and_not_a_gap():
    figures = {"2023-12": "8", "2024-01": "10", "2024-03": "15", "2024-04": "30"}
    assert by_period("tea_mom", figures, CHANGE, "M") == {
        "2023-12": (None, None, None, "nothing published for the month before"),
        "2024-01": (8, 2, 25.0, None),
        "2024-03": (None, None, None, "nothing published for the month before"),
        "2024-04": (15, 15, 100.0, None),
    }


def test_quarter_on_quarter_crosses_the_year_and_not_a_gap():
    figures = {"2023-Q4": "8", "2024-Q1": "10", "2024-Q3": "15"}
    assert by_period("tea_qoq", figures, CHANGE, "Q") == {
        "2023-Q4": (None, None, None, "nothing published for the quarter before"),
        "2024-Q1": (8, 2, 25.0, None),
        "2024-Q3": (None, None, None, "nothing published for the quarter before"),
    }


def test_a_week_is_compared_with_the_same_iso_week_and_week_53_with_none():
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


def test_a_day_is_compared_with_the_same_date_and_29_february_with_none():
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


def test_a_business_day_is_compared_with_the_one_before_and_a_holiday_is_a_gap():
    """A Friday, the Monday after it, and a Wednesday after a holiday."""
    figures = {"2024-04-26": "4", "2024-04-29": "5", "2024-05-02": "6"}
    assert by_period("tea_dod", figures, CHANGE, "B") == {
        "2024-04-26": (None, None, None, "nothing published for the day before"),
        "2024-04-29": (4, 1, 25.0, None),
        "2024-05-02": (None, None, None, "nothing published for the day before"),
    }


def test_a_business_day_is_compared_with_the_last_one_up_to_its_date_a_year_before():
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


def test_days_and_business_days_stand_side_by_side():
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
def test_halves_and_thirds_cross_the_year_and_not_a_gap(freq, model, periods, words):
    found = by_period(model, dict(zip(periods, ("8", "10", "15"), strict=True)), CHANGE, freq)
    assert found[periods[1]] == (8, 2, 25.0, None)
    assert found[periods[2]][3].startswith(f"nothing published for the {words}")


@pytest.mark.parametrize("freq", PERIODS)
def test_a_period_ends_in_gold_where_it_ends_in_silver(freq):
    rows = [figure("1", period) for period in PERIODS[freq]]
    for name in ("tea", "tea_first_release"):
        found = rows_of(name, published(MAY, *rows, freq=freq), freq=freq)
        for row in found:
            assert row["period_end"] == read_period(row["time_period"], freq).end


def test_the_year_of_a_week_is_its_iso_year():
    rows = [figure("1", "2025-W01")]
    (found,) = rows_of("tea", published(MAY, *rows, freq="W"), freq="W")
    assert (found["period_start"], found["year"]) == (date(2024, 12, 30), 2025)


# --- Means and compound growth -----------------------------------------------------------------

ROLLING = "figures_3y figures_5y mean_3y mean_5y growth_3y growth_5y"


def about(*numbers):
    return tuple(None if n is None else pytest.approx(n, rel=1e-9) for n in numbers)


def test_means_and_growth_of_a_series_that_grows_by_ten_per_cent():
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


def test_a_gap_in_the_years_is_a_gap_and_not_bridged():
    figures = {"2010": "1", "2011": "2", "2013": "8", "2014": "16", "2015": "32", "2016": "64"}
    assert by_period("tea_rolling", figures, ROLLING) == {
        "2010": (1, 1, None, None, None, None),
        "2011": (2, 2, None, None, None, None),
        "2013": about(2, 3, None, None, 100, None),  # 1 to 8 since 2010
        "2014": about(2, 4, None, None, 100, None),  # 2 to 16 since 2011
        "2015": about(3, 4, 56 / 3, None, None, 100),  # no 2012; 1 to 32 since 2010
        "2016": about(3, 4, 112 / 3, None, 100, 100),  # 8 to 64, 2 to 64
    }


def test_a_suppressed_year_counts_as_one_without_a_figure():
    figures = {"2010": "10", "2011": None, "2012": "30", "2013": "80", "2014": None}
    assert by_period("tea_rolling", figures, ROLLING) == {
        "2010": (1, 1, None, None, None, None),
        "2011": (1, 1, None, None, None, None),
        "2012": (2, 2, None, None, None, None),
        "2013": about(2, 3, None, None, 100, None),
        "2014": (2, 3, None, None, None, None),
    }


@pytest.mark.parametrize(("first", "last"), [("0", "8"), ("-1", "8"), ("8", "0"), ("-8", "-1")])
def test_there_is_no_compound_growth_from_or_to_what_is_not_positive(first, last):
    figures = {"2010": first, "2011": "1", "2012": "1", "2013": last}
    assert by_period("tea_rolling", figures, "growth_3y")["2013"] == (None,)


def test_a_mean_of_figures_below_zero_is_a_mean():
    figures = {"2010": "-1", "2011": "-2", "2012": "0"}
    assert by_period("tea_rolling", figures, "mean_3y")["2012"] == (-1.0,)


# --- Categories and areas ----------------------------------------------------------------------


def tree(*categories):
    """Code, name and parent of each category -> its place in the hierarchy."""
    rows = [
        figure("1", category=code, category_name=name, parent_category=parent)
        for code, name, parent in categories
    ]
    vintage = published(MAY, *rows)
    assert len(rows_of("tea", vintage)) == len(rows)
    return {
        row["category"]: (row["category_depth"], row["top_category"], row["category_path"])
        for row in rows_of("tea_category", vintage)
    }


def test_a_category_knows_its_depth_its_top_and_the_way_down_to_it():
    assert tree(
        ("T:3", "Green", "T:2"), ("T:1", "Drinks", None), ("T:2", "Tea", "T:1"), ("T:9", "Food", None)
    ) == {
        "T:1": (0, "T:1", "Drinks"),
        "T:2": (1, "T:1", "Drinks > Tea"),
        "T:3": (2, "T:1", "Drinks > Tea > Green"),
        "T:9": (0, "T:9", "Food"),
    }  # fmt: skip


def test_a_category_whose_parent_is_not_published_is_at_the_top():
    assert tree(("T:2", "Tea", "T:1")) == {"T:2": (0, "T:2", "Tea")}


@pytest.mark.parametrize(
    "circle",
    [
        [("T:1", "One", "T:1")],
        [("T:1", "One", "T:2"), ("T:2", "Two", "T:1")],
        [("T:1", "One", "T:3"), ("T:2", "Two", "T:1"), ("T:3", "Three", "T:2")],
    ],
    ids=["its own parent", "its own grandparent", "its own great-grandparent"],
)
def test_no_figure_is_lost_where_categories_are_parts_of_each_other(circle):
    below = ("T:9", "Below", "T:1")
    found = tree(*circle, below, ("U:1", "All", None), ("U:2", "Part", "U:1"))
    assert found == {
        **{code: (0, code, name) for code, name, _ in (*circle, below)},
        "U:1": (0, "U:1", "All"),
        "U:2": (1, "U:1", "All > Part"),
    }


def test_a_category_of_two_datasets_has_a_place_in_each():
    def one(dataset, *categories):
        rows = [
            figure("1", category=code, category_name=name, parent_category=parent)
            for code, name, parent in categories
        ]
        return [published(MAY, *rows, dataset=dataset)]

    parts = (("2", "Leaf", "1"), ("3", "Dust", "2"))
    connection = relations(family(), one("black", ("1", "All", None), *parts), one("green", *parts))
    assert connection.sql(
        "SELECT dataset, top_category, category_path FROM tea WHERE category = '3' ORDER BY dataset"
    ).fetchall() == [("black", "1", "All > Leaf > Dust"), ("green", "2", "Leaf > Dust")]


def test_categories_and_areas_are_described_as_their_latest_figures_have_them():
    named = [
        {"geo_name": name, "category_name": name, "sign": sign, "parent_category": parent}
        for name, sign, parent in (("Aden", 1, "T:0"), ("Mocha", -1, None))
    ]
    vintages = [published(MAY, figure("1", **named[0])), published(JUNE, figure("2", **named[1]))]
    (category,) = rows_of("tea_category", *vintages)
    assert (category["category_name"], category["sign"]) == ("Mocha", -1)
    assert category["parent_category"] is None
    (area,) = rows_of("tea_area", *vintages)
    assert area["area_name"] == "Mocha"


def test_what_is_published_no_more_keeps_its_last_description():
    vintages = [published(MAY, figure("1", geo_name="Bombay")), published(JUNE)]
    assert [row["area_name"] for row in rows_of("tea_area", *vintages)] == ["Bombay"]
    assert [row["value"] for row in rows_of("tea_first_release", *vintages)] == [1]


def test_an_area_that_is_described_in_two_ways_at_once_is_always_described_in_the_same():
    levels = ("city", "port")
    one = [figure("1", str(2000 + n), geo_level=levels[n % 2]) for n in range(20)]
    other = [figure("1", str(2000 + n), geo_level=levels[(n + 1) % 2]) for n in range(20)]
    for rows in (one, other):
        assert [row["geo_level"] for row in rows_of("tea_area", published(MAY, *rows))] == ["city"]


def test_a_category_that_is_described_in_two_ways_at_once_is_always_described_in_the_same():
    ways = [{"parent_category": "T:0", "sign": -1}, {"parent_category": "T:0", "sign": 1}]
    ways += [{"parent_category": None, "sign": -1}]
    for turn in range(3):
        rows = [figure("1", str(2000 + n), **ways[(n + turn) % 3]) for n in range(21)]
        (row,) = rows_of("tea_category", published(MAY, *rows))
        assert (row["parent_category"], row["sign"]) == ("T:0", -1)


# --- Figures of many digits ----------------------------------------------------------------------

LARGEST = Decimal("99999999999999999999.999999999999999999")


def test_a_change_of_more_digits_than_there_are_has_a_reason_and_other_large_ones_are_exact():
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


def test_a_revision_of_more_digits_than_there_are_has_no_difference():
    old, new = (published(day, figure(text, "2023")) for day, text in ((MAY, f"{LARGEST}"), (JUNE, f"-{LARGEST}")))  # fmt: skip
    (row,) = rows_of("tea_revisions", old, new)
    assert (row["old_value"], row["difference"], row["percent"]) == (LARGEST, None, None)


def test_means_of_large_and_of_tiny_figures_lose_nothing():
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
def test_a_change_of_any_figures_is_exact_or_says_why_there_is_none(numbers):
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
def test_a_mean_of_any_figures_is_as_near_as_doubles_are(numbers):
    figures = as_figures(numbers)
    found = by_period("tea_rolling", figures, "mean_3y")
    for place, period in list(enumerate(figures))[2:]:
        three = numbers[place - 2 : place + 1]
        (mean,) = found[period]
        off = abs(Fraction(mean) - Fraction(sum(three), 3 * 10**18))
        assert off <= Fraction(max(map(abs, three)), 10**18) / 2**51


def test_large_figures_that_cancel_leave_what_stands_behind_their_points():
    figures = as_figures([12345678901234567890 * 10**18 + 3, -12345678901234567890 * 10**18, 0])
    assert by_period("tea_rolling", figures, "mean_3y")["2022"] == (3e-18 / 3,)


def test_a_change_has_room_though_one_figure_is_large():
    figures = {"2021": "-1", "2022": "60000000000000000000"}
    found = by_period("tea_yoy", figures, "change reason")
    assert found["2022"] == (Decimal(60000000000000000001), None)


def test_each_source_that_is_made_of_a_component_has_a_family_of_its_own():
    told = {"source": "tea", "title": "Tea", "freq": "M"}
    instances = [
        Instance(name="tea_west", component="tea", gold="west"),
        Instance(name="rates", component="sdmx", gold="rates"),
    ]
    own = gold_models(name="tea_figures", **told)
    west = gold_models(name="west", **told | {"source": "tea_west"})
    assert gold_families(name="tea_figures", **told) == own
    assert gold_families(name="tea_figures", **told, instances=instances) == [*own, *west]


@pytest.mark.parametrize("freq", ["X", "AX", "", None])
def test_a_frequency_that_is_not_known_is_refused_by_the_family_s_name(freq):
    with pytest.raises(ValueError, match=r"Gold models tea: freq is .*; expected a code of SDMX"):
        gold_models(name="tea", source="prices", title="Prices of tea", freq=freq)
