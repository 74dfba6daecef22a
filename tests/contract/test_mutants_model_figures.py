"""What a model computes follows from the figures: each of these, which loses some of that, is caught without `expected`."""

import pytest

from contract.caught import assert_caught, failures
from contract.test_mutants_model import RAIN, SQL, changed, said
from statpipe.api import Column, Model
from statpipe.testing import ModelContract
from statpipe.testing.model_contract import made_up_history

SHARE = """CAST(obs_value AS DOUBLE PRECISION)
        / NULLIF(SUM(obs_value) OVER (PARTITION BY ref_area, category), 0) * 100"""
REAL = Model(
    name="rain_real",
    title="Rain by what it costs",
    inputs=("rain", "prices"),
    grain=("area", "time_period"),
    columns=(
        Column(name="area", type="text", description="Area", nullable=False),
        Column(name="time_period", type="text", description="Year", nullable=False),
        Column(name="value", type="double", description="Figure", unit="buckets"),
    ),
    sql="""
        SELECT rain.ref_area AS area, rain.time_period,
          100 * CAST(rain.obs_value AS DOUBLE PRECISION)
            / NULLIF(CAST(prices.obs_value AS DOUBLE PRECISION), 0) AS value
        FROM rain JOIN prices
          ON prices.ref_area = rain.ref_area AND prices.time_period = rain.time_period
        WHERE rain.category = 'T1:1' AND prices.category = 'T1:1'
          AND rain.realtime_end = DATE '9999-12-31' AND prices.realtime_end = DATE '9999-12-31'
    """,
)


def share(sql):
    assert SHARE in SQL
    return changed(sql=SQL.replace(SHARE, sql))


def real(old, new):
    assert old in REAL.sql
    return changed_real(REAL.sql.replace(old, new))


def changed_real(sql):
    return Model(
        **{name: getattr(REAL, name) for name in ("name", "title", "inputs", "grain", "columns")},
        sql=sql,
    )


SIGN = "test_a_negative_figure_keeps_its_sign"
MISSING = "test_missing_figures_give_missing_figures"
ROWS = "test_rows_do_not_depend_on_the_size_of_figures"
YEARS = "test_all_years_are_treated_the_same_way"
CAUGHT = {
    "no sign of a share": (share(f"ABS({SHARE})"), SIGN, "lose no sign: no ABS"),
    "no sign of a figure": (said("obs_value AS value", "ABS(obs_value) AS value"), SIGN, "no ABS"),
    "nothing below zero": (
        said("obs_value AS value", "GREATEST(obs_value, 0) AS value"),
        SIGN,
        "a little down, and it says 0",
    ),
    "no sign of a growth": (
        share(
            "ABS(CAST(obs_value - LAG(obs_value) OVER (PARTITION BY ref_area, category ORDER BY period_start) AS DOUBLE))"
        ),
        SIGN,
        "a figure moves a little up",
    ),
    "zero for nothing": (
        said("obs_value AS value", "coalesce(obs_value, 0) AS value"),
        MISSING,
        "where rain shows no figure at all, model rain_share says 0",
    ),
    "a hundred for nothing": (
        real(
            "NULLIF(CAST(prices.obs_value AS DOUBLE PRECISION), 0)",
            "COALESCE(prices.obs_value, 100)",
        ),
        MISSING,
        "where prices shows no figure at all, model rain_real says",
    ),
    "a division by a zero that is not in the example": (
        real(
            "NULLIF(CAST(prices.obs_value AS DOUBLE PRECISION), 0)",
            "CAST(prices.obs_value AS DOUBLE PRECISION)",
        ),
        "test_zeros_give_finite_figures_or_missing_ones",
        "as value, which is not a figure",
    ),
    "two places of a share": (
        share(f"ROUND({SHARE}, 2)"),
        "test_computed_figures_are_not_rounded",
        "as share, and no more places anywhere",
    ),
    "whole figures in a share": (
        real("CAST(rain.obs_value AS DOUBLE PRECISION)", "CAST(rain.obs_value AS BIGINT)"),
        "test_decimals_keep_all_their_digits",
        "no cast to a whole number",
    ),
    "no negative figures": (
        said("WHERE", "WHERE obs_value >= 0 AND"),
        ROWS,
        "all figures are negative",
    ),
    "each figure once": (
        said(
            "SELECT ref_area AS area", "SELECT DISTINCT ON (ref_area, obs_value) ref_area AS area"
        ),
        ROWS,
        "model rain_share gives no row for",
    ),
    "since 2000": (said("WHERE", "WHERE time_period >= '2000' AND"), YEARS, "write no year"),
    "all years with each other": (
        real(" AND prices.time_period = rain.time_period", ""),
        YEARS,
        "and join on the period as well",
    ),
    "the year before": (
        real(
            "rain.time_period,",
            "CAST(CAST(rain.time_period AS INTEGER) - 1 AS VARCHAR) AS time_period,",
        ),
        "test_figures_stay_in_their_period",
        "figures of 2022 change, and model rain_real changes rows of 2021 alone",
    ),
}


def said_of(model, only=None):
    return failures(
        ModelContract,
        only,
        models=[model],
        histories=dict.fromkeys(model.inputs, HISTORY),
        expected=None,
    )


HISTORY = made_up_history()


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_model_that_loses_what_figures_say_is_caught(mutant):
    model, promise, words = CAUGHT[mutant]
    assert_caught(said_of(model, promise), promise, words)


@pytest.mark.parametrize("honest", [RAIN, REAL], ids=lambda model: model.name)
def test_the_honest_ones_keep_them_all(honest):
    assert said_of(honest) == {}


def not_tested(rows):
    with pytest.raises(pytest.skip.Exception) as skipped:
        ModelContract().test_the_figures_equal_those_computed_by_hand(
            [REAL], dict.fromkeys(REAL.inputs, HISTORY), {"rain_real": rows}
        )
    return skipped.value.msg


def test_what_no_row_worked_out_by_hand_names_is_not_tested():
    row = {"area": "CA", "time_period": "2020"}
    assert "not tested: whether value of rain_real are right" in not_tested([row])
    told = not_tested([row | {"value": "100"}])
    assert "not tested: whether rain_real leaves missing what is missing" in told
