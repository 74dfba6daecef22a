"""BEA's Gold models: shares of parent and total, ranks among the states, location quotients."""

from datetime import date

import duckdb
import pytest

from statpipe.domain.dataset import Area, Category, Dataset
from statpipe.domain.history import Published
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.seal import seal
from statpipe.domain.vintage import Vintage
from statpipe.engine.gold.computed import computed
from statpipe.testing.history import history
from statpipe_bea.gold.models import pce_state_models

TOTAL, GOODS, DURABLE, LESS = "SAPCE1:1", "SAPCE1:2", "SAPCE1:3", "SAPCE1:24"
LEVELS = {"US": "country", "FWST": "region"}
TREE = {TOTAL: None, GOODS: TOTAL, DURABLE: GOODS, LESS: TOTAL}
SAPCE1 = Dataset(
    name="SAPCE1",
    title="By major type of product",
    normalizer="n",
    areas=tuple(
        Area(code=code, name=code, level=LEVELS.get(code, "state"), geo_fips=code)
        for code in ("US", "FWST", "AL", "CA", "DC", "NY")
    ),
    categories=tuple(
        Category(
            code=code,
            name=code,
            parent=parent,
            sign=-1 if code == LESS else 1,
            unit_measure="Millions of current dollars",
            unit_mult=6,
        )
        for code, parent in TREE.items()
    ),
)
SHARES = "parent_value total_value share_of_parent share_of_total"
RANKS = "rank states location_quotient"


def figure(area, category, value, period="2021"):
    return {
        "ref_area": area,
        "category": category,
        "time_period": period,
        "obs_value": value,
        "obs_status": "Q" if value is None else "A",
        "source_symbol": "(D)" if value is None else None,
    }


def rows_of(name, figures, columns):
    """A model's columns by area, category and year, out of one release of these figures."""
    vintage = Vintage(released=date(2022, 10, 6))
    table = seal(observations_from_rows(figure(*one) for one in figures), SAPCE1, vintage.id)
    connection = duckdb.connect()
    connection.register("bea_pce_state", history([Published(vintage=vintage, table=table)]))
    for model in pce_state_models():
        connection.register(model.name, computed(connection, model, model.latest_sql))
        assert connection.sql(model.latest_sql).columns == [c.name for c in model.columns]
    found = connection.sql(f"SELECT * FROM {name}").to_arrow_table().to_pylist()
    return {
        (row["ref_area"], row["category"], row["year"]): tuple(row[c] for c in columns.split())
        for row in found
    }


def of_2021(name, figures, columns):
    return {key[:2]: row for key, row in rows_of(name, figures, columns).items() if key[2] == 2021}


# --- Which there are ---------------------------------------------------------------------------


def test_the_models_are_the_annual_ones_and_shares_and_ranks():
    models = pce_state_models()
    assert [model.name.removeprefix("pce_state") for model in models] == [
        "_category",
        "_area",
        "_history",
        "",
        "_first_release",
        "_revisions",
        "_yoy",
        "_rolling",
        "_share",
        "_rank",
    ]
    views = [model for model in models if model.materialized == "view"]
    assert {name for view in views for name in view.inputs} <= {model.name for model in models}


# --- Shares ------------------------------------------------------------------------------------


def test_shares_refer_to_the_parent_and_to_the_total_of_the_table():
    figures = [
        ("CA", TOTAL, "200"),
        ("CA", GOODS, "80"),
        ("CA", DURABLE, "20"),
        ("CA", LESS, "10"),
    ]
    assert of_2021("pce_state_share", figures, SHARES) == {
        ("CA", TOTAL): (None, 200, None, 100.0),
        ("CA", GOODS): (200, 200, 40.0, 40.0),
        ("CA", DURABLE): (80, 200, 25.0, 10.0),
        ("CA", LESS): (200, 200, 5.0, 5.0),  # printed positive, and subtracted
    }


def test_subtracted_categories_are_marked():
    figures = [("CA", TOTAL, "200"), ("CA", LESS, "10")]
    found = of_2021("pce_state_share", figures, "sign")
    assert found == {("CA", TOTAL): (1,), ("CA", LESS): (-1,)}


def test_shares_refer_to_the_same_area_and_year():
    figures = [
        ("CA", TOTAL, "200"),
        ("CA", GOODS, "80"),
        ("NY", TOTAL, "100"),
        ("NY", GOODS, "10"),
        ("CA", TOTAL, "400", "2020"),
        ("CA", GOODS, "100", "2020"),
    ]
    found = rows_of("pce_state_share", figures, "share_of_parent")
    assert found["CA", GOODS, 2021] == (40.0,)
    assert found["NY", GOODS, 2021] == (10.0,)
    assert found["CA", GOODS, 2020] == (25.0,)


@pytest.mark.parametrize(
    ("total", "goods", "durable", "wanted"),
    [
        ("200", None, "20", (None, 200, None, 10.0)),  # the parent is suppressed
        (None, "80", "20", (80, None, 25.0, None)),  # the total is
        ("200", "80", None, (80, 200, None, None)),  # the part itself is
        ("200", "0", "20", (0, 200, None, 10.0)),  # nothing is a part of zero
        ("200", "80", "0", (80, 200, 0.0, 0.0)),
        ("200", "-80", "20", (-80, 200, -25.0, 10.0)),
    ],
)
def test_shares_of_missing_figures_and_of_zero_are_empty(total, goods, durable, wanted):
    figures = [("CA", TOTAL, total), ("CA", GOODS, goods), ("CA", DURABLE, durable)]
    assert of_2021("pce_state_share", figures, SHARES)["CA", DURABLE] == wanted


def test_a_part_without_a_parent_in_that_year_has_no_shares():
    figures = [("CA", GOODS, "80"), ("CA", TOTAL, "200", "2020")]
    found = of_2021("pce_state_share", figures, SHARES)
    assert found == {("CA", GOODS): (None, None, None, None)}


# --- Ranks -------------------------------------------------------------------------------------


def test_states_are_ranked_by_size_and_equal_figures_share_a_rank():
    figures = [("AL", TOTAL, "10"), ("CA", TOTAL, "30"), ("DC", TOTAL, "30"), ("NY", TOTAL, "20")]
    assert of_2021("pce_state_rank", figures, "rank states") == {
        ("CA", TOTAL): (1, 4),
        ("DC", TOTAL): (1, 4),
        ("NY", TOTAL): (3, 4),
        ("AL", TOTAL): (4, 4),
    }


def test_a_state_without_a_figure_is_not_ranked():
    figures = [("AL", TOTAL, "-10"), ("CA", TOTAL, None), ("NY", TOTAL, "20")]
    assert of_2021("pce_state_rank", figures, "rank states value") == {
        ("NY", TOTAL): (1, 2, 20),
        ("AL", TOTAL): (2, 2, -10),
        ("CA", TOTAL): (None, 2, None),
    }


def test_without_figures_no_state_is_ranked():
    figures = [("AL", TOTAL, None), ("CA", TOTAL, None)]
    found = of_2021("pce_state_rank", figures, "rank states")
    assert set(found.values()) == {(None, 0)}


def test_the_nation_and_regions_are_not_among_the_states():
    figures = [("US", TOTAL, "300"), ("FWST", TOTAL, "100"), ("CA", TOTAL, "50")]
    assert of_2021("pce_state_rank", figures, "rank states") == {("CA", TOTAL): (1, 1)}


def test_each_category_and_year_is_ranked_separately():
    figures = [
        ("AL", TOTAL, "10"),
        ("CA", TOTAL, "30"),
        ("AL", GOODS, "9"),
        ("CA", GOODS, "5"),
        ("AL", TOTAL, "40", "2020"),
        ("CA", TOTAL, "30", "2020"),
    ]
    found = rows_of("pce_state_rank", figures, "rank")
    assert found["AL", TOTAL, 2021] == found["CA", GOODS, 2021] == found["CA", TOTAL, 2020] == (2,)
    assert found["CA", TOTAL, 2021] == found["AL", GOODS, 2021] == found["AL", TOTAL, 2020] == (1,)


# --- Location quotients ------------------------------------------------------------------------


def test_the_location_quotient_is_the_states_share_divided_by_the_nations():
    figures = [
        ("US", TOTAL, "1000"),
        ("US", GOODS, "400"),
        ("CA", TOTAL, "200"),
        ("CA", GOODS, "100"),
        ("NY", TOTAL, "100"),
        ("NY", GOODS, "20"),
    ]
    columns = "share_of_total share_of_total_us location_quotient"
    assert of_2021("pce_state_rank", figures, columns) == {
        ("CA", TOTAL): (100.0, 100.0, 1.0),
        ("CA", GOODS): (50.0, 40.0, 1.25),
        ("NY", TOTAL): (100.0, 100.0, 1.0),
        ("NY", GOODS): (20.0, 40.0, 0.5),
    }


@pytest.mark.parametrize(
    "nation",
    [
        [],
        [("US", TOTAL, "1000")],
        [("US", TOTAL, "1000"), ("US", GOODS, "0")],
        [("US", TOTAL, "1000"), ("US", GOODS, None)],
        [("US", TOTAL, None), ("US", GOODS, "400")],
        [("US", TOTAL, "1000", "2020"), ("US", GOODS, "400", "2020")],
    ],
    ids=["no nation", "not the category", "zero", "suppressed", "no total", "another year"],
)
def test_there_is_no_location_quotient_without_a_share_of_the_nation(nation):
    figures = [*nation, ("CA", TOTAL, "200"), ("CA", GOODS, "100")]
    assert of_2021("pce_state_rank", figures, RANKS)["CA", GOODS] == (1, 1, None)


def test_a_suppressed_state_has_no_location_quotient():
    figures = [("US", TOTAL, "1000"), ("US", GOODS, "400"), ("CA", TOTAL, "200"), ("CA", GOODS, None)]  # fmt: skip
    assert of_2021("pce_state_rank", figures, RANKS)["CA", GOODS] == (None, 0, None)
