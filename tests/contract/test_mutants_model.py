"""The contract of models is worth something: each of these broken ones is caught."""

import attrs
import pytest

from contract.caught import assert_caught, failures
from statpipe.api import Column, Model
from statpipe.api.gold import gold_models
from statpipe.testing import ModelContract
from statpipe.testing.model_contract import made_up_history
from statpipe.testing.model_contract.expected import standard_models

COLUMNS = (
    Column(name="area", type="text", description="Area", nullable=False),
    Column(name="category", type="text", description="Category", nullable=False),
    Column(name="year", type="integer", description="Year", nullable=False),
    Column(name="value", type="decimal", description="Figure", unit="million USD"),
    Column(name="share", type="double", description="Share of all years", unit="%"),
)
SQL = """
    SELECT ref_area AS area, category, CAST(EXTRACT(YEAR FROM period_start) AS BIGINT) AS year,
      obs_value AS value,
      CAST(obs_value AS DOUBLE PRECISION)
        / NULLIF(SUM(obs_value) OVER (PARTITION BY ref_area, category), 0) * 100 AS share
    FROM rain
    WHERE realtime_start <= :as_of AND realtime_end >= :as_of  -- now() is :as_of
"""
RAIN = Model(
    name="rain_share",
    title="Rain and its share",
    inputs=("rain",),
    grain=("area", "category", "year"),
    columns=COLUMNS,
    sql=SQL,
    materialized="view",
)


def changed(**fields):
    return attrs.evolve(RAIN, **fields)


def said(old, new):
    assert old in SQL
    return changed(sql=SQL.replace(old, new))


def column(name, **fields):
    return changed(
        columns=tuple(attrs.evolve(c, **fields) if c.name == name else c for c in COLUMNS)
    )


SINCE = attrs.evolve(
    RAIN,
    sql=SQL.replace("FROM rain", "FROM rain AS r").replace(
        "AS share",
        "* (SELECT COUNT(*) FROM rain AS all_time WHERE all_time.ref_area = r.ref_area) AS share",
    ),
)
"""Its figures change with every release that is still to come."""

INTERVALS = Model(
    name="rain_told",
    title="When a figure was told",
    inputs=("rain",),
    grain=("ref_area", "category", "time_period", "told_on"),
    columns=(
        *(
            Column(name=name, type="text", description=name, nullable=False)
            for name in ("ref_area", "category", "time_period")
        ),
        Column(name="told_on", type="date", description="Day", nullable=False),
        Column(name="told", type="integer", description="How many"),
    ),
    sql="""
        SELECT ref_area, category, time_period, realtime_start AS told_on,
          CAST(COUNT(*) OVER (PARTITION BY realtime_start, ref_area) AS BIGINT) AS told
        FROM rain
    """,
)
"""It counts the figures of an area that were told on a day: other cells than its own."""

CAUGHT = {
    "a settled row of other cells": (
        attrs.evolve(
            INTERVALS,
            settled="told_on",
            sql=INTERVALS.sql.replace("BY realtime_start, ref_area", "BY ref_area"),
        ),
        "test_rows_follow_from_what_settled_and_standing_declare",
        "from the cells that changed in the last year, model rain_told gives",
    ),
    "what stands and what does not": (
        attrs.evolve(INTERVALS, standing=True),
        "test_rows_follow_from_what_settled_and_standing_declare",
        "from the last interval of each cell and those of the last year, model rain_told gives",
    ),
    "two places": (
        said("obs_value AS value", "ROUND(obs_value, 2) AS value"),
        "test_decimals_keep_all_their_digits",
        "keep decimals decimal",
    ),
    "six places": (
        said("obs_value AS value", "ROUND(obs_value, 6) AS value"),
        "test_decimals_keep_all_their_digits",
        "keep decimals decimal",
    ),
    "through a float": (
        said(
            "obs_value AS value",
            "CAST(CAST(obs_value AS DOUBLE PRECISION) AS DECIMAL(38, 18)) AS value",
        ),
        "test_decimals_keep_all_their_digits",
        "where all figures that it reads are a millionth of what they were; expected",
    ),
    "small ones are zero": (
        said(
            "obs_value AS value",
            "CASE WHEN ABS(obs_value) > 0.001 THEN obs_value ELSE 0 END AS value",
        ),
        "test_decimals_keep_all_their_digits",
        "keep decimals decimal",
    ),
    "a decimal that is declared a double": (
        column("value", type="double"),
        "test_empty_inputs_give_no_rows_and_the_declared_columns",
        "declares value as double, and its SQL gives DECIMAL",
    ),
    "ten rows": (
        changed(sql=f"{SQL} ORDER BY 1, 2, 3 LIMIT 10 -- enough"),
        "test_no_row_is_cut_off",
        "ends with LIMIT, which leaves out rows",
    ),
    "the first of them": (
        changed(sql=f"{SQL} ORDER BY 1, 2, 3 FETCH FIRST 10 ROWS ONLY"),
        "test_no_row_is_cut_off",
        "ends with FETCH",
    ),
    "no New York": (
        said("WHERE", "WHERE ref_area <> 'NY' AND"),
        "test_all_areas_are_treated_the_same_way",
        "areas of one level changed names, and model rain_share gives",
    ),
    "areas of the first half of the alphabet": (
        said("WHERE", "WHERE ref_area < 'M' AND"),
        "test_all_areas_are_treated_the_same_way",
        "",
    ),
    "few of the areas": (
        said("WHERE", "WHERE ref_area IN ('US', 'CA') AND"),
        "test_all_areas_are_treated_the_same_way",
        "take what names an area out of the SQL",
    ),
    "a day too late": (
        said("realtime_start <= :as_of", "realtime_start < :as_of"),
        "test_figures_as_of_a_day_do_not_depend_on_later_releases",
        "gives 0 rows instead of 52",
    ),
    "a day too early": (
        said("realtime_end >= :as_of", "realtime_end > :as_of"),
        "test_figures_as_of_a_day_do_not_depend_on_later_releases",
        "gives 52 rows instead of 0",
    ),
    "what is still to come": (
        SINCE,
        "test_figures_as_of_a_day_do_not_depend_on_later_releases",
        "as of 2023-10-01, with what was released later",
    ),
    "a division by zero": (
        said("NULLIF(SUM(obs_value) OVER (PARTITION BY ref_area, category), 0)", "0"),
        "test_each_row_is_unique_by_its_grain_and_has_required_values",
        "as share, which is not a figure",
    ),
    "all intervals": (
        said("realtime_start <= :as_of AND realtime_end >= :as_of", "TRUE"),
        "test_each_row_is_unique_by_its_grain_and_has_required_values",
        "repeat the grain",
    ),
    "a grain too short": (
        changed(grain=("area", "year")),
        "test_each_row_is_unique_by_its_grain_and_has_required_values",
        "repeat the grain area, year",
    ),
    "a column missing": (
        said("AS share", "AS part"),
        "test_empty_inputs_give_no_rows_and_the_declared_columns",
        "declares the column share",
    ),
    "a column too many": (
        changed(columns=COLUMNS[:4]),
        "test_empty_inputs_give_no_rows_and_the_declared_columns",
        "gives the column share",
    ),
    "a float for a figure": (
        said("obs_value AS value", "CAST(obs_value AS DOUBLE PRECISION) AS value"),
        "test_empty_inputs_give_no_rows_and_the_declared_columns",
        "declares value as decimal, and its SQL gives DOUBLE",
    ),
    "a text for a number": (
        said("CAST(EXTRACT(YEAR FROM period_start) AS BIGINT)", "time_period"),
        "test_empty_inputs_give_no_rows_and_the_declared_columns",
        "declares year as integer, and its SQL gives VARCHAR",
    ),
    "no unit": (column("value", unit=None), "test_each_model_is_described", "without a unit"),
    "no description": (column("year", description=""), "test_each_model_is_described", "no descr"),
    "a key that may be null": (
        column("area", nullable=True),
        "test_each_model_is_described",
        "may be null",
    ),
    "nulls that may not be": (
        column("value", nullable=False),
        "test_each_row_is_unique_by_its_grain_and_has_required_values",
        "never null",
    ),
    "a sum of nothing": (
        changed(
            grain=("n",),
            columns=(Column(name="n", type="integer", description="n", nullable=False),),
            sql="SELECT COUNT(*) AS n FROM rain",
        ),
        "test_empty_inputs_give_no_rows_and_the_declared_columns",
        "1 rows without input",
    ),
    "the order of rows": (
        said(
            "SUM(obs_value) OVER (PARTITION BY ref_area, category)",
            "FIRST_VALUE(obs_value) OVER (PARTITION BY ref_area, category)",
        ),
        "test_the_order_of_input_rows_does_not_matter",
        "with its input in another order",
    ),
    "the clock": (
        said("realtime_end >= :as_of", "realtime_end >= current_date AND year(now()) > 0"),
        "test_the_result_only_depends_on_figures",
        "says 'current_date'",
    ),
    "chance": (
        said("* 100", "* 100 * random()"),
        "test_the_result_only_depends_on_figures",
        "says 'random('",
    ),
    "DuckDB's own words": (
        said("WHERE", "QUALIFY ROW_NUMBER() OVER (PARTITION BY ref_area) > 0 --"),
        "test_a_view_is_sql_that_postgresql_understands",
        "PostgreSQL does not know QUALIFY",
    ),
    "DuckDB's own functions": (
        said("CAST(EXTRACT(YEAR FROM period_start) AS BIGINT)", "year(period_start)"),
        "test_a_view_is_sql_that_postgresql_understands",
        "EXTRACT",
    ),
    "wrong SQL": (
        said("FROM rain", "FORM rain"),
        "test_empty_inputs_give_no_rows_and_the_declared_columns",
        "the SQL of model rain_share fails",
    ),
    "an input that does not exist": (
        changed(inputs=("snow",)),
        "test_empty_inputs_give_no_rows_and_the_declared_columns",
        "reads snow",
    ),
    "no regard to the day": (
        said(
            "realtime_start <= :as_of AND realtime_end >= :as_of",
            "realtime_end >= :as_of AND realtime_end > DATE '9000-01-01'",
        ),
        "test_a_day_long_ago_has_no_figures",
        "as of 1000-01-01",
    ),
    "thousands": (
        said("obs_value AS value", "CAST(obs_value * 1000 AS DECIMAL(38, 18)) AS value"),
        "test_the_figures_equal_those_computed_by_hand",
        "says -12500.000000000000000000 as value of CA T1:2 2017; expected -12.5",
    ),
    "no sign": (
        said("obs_value AS value", "abs(obs_value) AS value"),
        "test_the_figures_equal_those_computed_by_hand",
        "as value of CA T1:2 2017; expected -12.5",
    ),
    "whole figures": (
        said("obs_value AS value", "CAST(round(obs_value, 0) AS DECIMAL(38, 18)) AS value"),
        "test_the_figures_equal_those_computed_by_hand",
        "as value of CA T1:2 2017; expected -12.5",
    ),
    "zero for nothing": (
        said("obs_value AS value", "coalesce(obs_value, 0) AS value"),
        "test_the_figures_equal_those_computed_by_hand",
        "as value of NY T1:2 2022; expected None",
    ),
    "a year on": (
        said("EXTRACT(YEAR FROM period_start)", "EXTRACT(YEAR FROM period_end) + 1"),
        "test_the_figures_equal_those_computed_by_hand",
        "as value of CA T1:2 2017; expected -12.5",
    ),
    "a share of one": (
        said("* 100 AS share", "AS share"),
        "test_the_figures_equal_those_computed_by_hand",
        "as share of CA T1:1 2020; expected",
    ),
    "no figures": (
        said("FROM rain", "FROM (SELECT * FROM rain WHERE ref_area = 'nowhere') AS rain"),
        "test_each_row_is_unique_by_its_grain_and_has_required_values",
        "gives no row",
    ),
}


EXPECTED = [
    {"area": "CA", "category": "T1:2", "year": 2017, "value": "-12.5"},
    {"area": "NY", "category": "T1:2", "year": 2022, "value": None},
    {"area": "CA", "category": "T1:1", "year": 2020, "value": "999.5", "share": "30.9481050285"},
]


def said_of(models, only=None):
    names = {model.name for model in models}
    return failures(
        ModelContract,
        only,
        models=models,
        histories={"rain": made_up_history()},
        expected={"rain_share": EXPECTED} if "rain_share" in names else None,
    )


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_model_that_breaks_a_promise_is_caught(mutant):
    model, promise, words = CAUGHT[mutant]
    assert_caught(said_of([model], promise), promise, words)


def test_an_honest_model_passes():
    assert said_of([RAIN]) == {}


@pytest.mark.parametrize("freq", ["A"])
def test_the_standard_models_pass(freq):
    models = gold_models(name="rain_all", source="rain", title="Rain", freq=freq)
    assert said_of(list(reversed(models))) == {}


def test_the_standard_models_need_no_expected_figures():
    family = gold_models(name="rain_all", source="rain", title="Rain", freq="MQ")
    edited = [attrs.evolve(m, sql=f"{m.sql} ") if m.name == "rain_all" else m for m in family]
    names = {model.name for model in family}
    assert standard_models([*family, RAIN]) == names
    assert standard_models(edited) == names - {"rain_all"}
    with pytest.raises(pytest.skip.Exception, match="whether the figures of rain_share are right"):
        ModelContract().test_the_figures_equal_those_computed_by_hand(
            [*family, RAIN], {"rain": made_up_history()}, None
        )


def test_testing_settled_and_standing_needs_releases_of_two_years():
    family = gold_models(name="rain_all", source="rain", title="Rain", freq="A")
    first = made_up_history().filter(
        [d.year == 2023 for d in made_up_history()["realtime_start"].to_pylist()]
    )
    with pytest.raises(pytest.skip.Exception, match="releases of two years"):
        ModelContract().test_rows_follow_from_what_settled_and_standing_declare(
            family, {"rain": first}
        )
