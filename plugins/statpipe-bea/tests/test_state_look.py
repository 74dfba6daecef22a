"""States across agencies: spending, prices and unemployment by year, as they stood on a day. Figures are made up."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from statpipe.api import Area, Code, Dataset, Dimension, Instance, Vintage
from statpipe.api.gold import gold_models
from statpipe.domain.history import Published
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.seal import seal
from statpipe.engine.gold.computed import computed
from statpipe.testing import ModelContract
from statpipe.testing.history import history
from statpipe_bea import price_tables, tables
from statpipe_bea.gold.models import pce_state_models, rpp_state_models
from statpipe_bea.gold.states import state_look
from statpipe_bea.plugin import statpipe_models

LA = Dataset(
    name="LA",
    title="Unemployment",
    normalizer="bls",
    areas=(Area(code="CA", name="California", level="state"),),
    dimensions=(
        Dimension(id="SEASONAL", name="Adjustment", codes=(Code(code="U", name="No"),)),
        Dimension(id="MEASURE", name="Measure", codes=(Code(code="03", name="rate"),)),
    ),
)
RATE = {"seasonal": "U", "measure": "03", "unit_measure": "Percent"}
SPRING, AUTUMN, LATER = date(2022, 3, 1), date(2022, 10, 6), date(2023, 3, 1)
LOOK = "jobless_and_pce"


def release(dataset, day, *rows):
    vintage = Vintage(released=day)
    table = seal(observations_from_rows(rows), dataset, vintage.id)
    return Published(vintage=vintage, table=table)


def row(area, year, value, **more):
    return {"ref_area": area, "time_period": year, "obs_value": Decimal(value), **more}


def spent(area, year, value):
    return row(area, year, value, category="SAPCE2:1")


@pytest.fixture
def histories():
    """Two years of California; of the second, the prices are not out yet. The first rate is revised."""
    pce = release(
        tables.dataset("SAPCE2"),
        AUTUMN,
        spent("US", "2020", "42000"),
        spent("CA", "2020", "46000"),
        spent("CA", "2021", "53082"),
    )
    prices = row("CA", "2020", "115.0", category="SARPP:rpp_all_items")
    month = row("CA", "2020-05", "15.6", freq="M", **RATE)
    first = release(LA, SPRING, row("CA", "2020", "10.1", freq="A", **RATE), month)
    second = release(LA, LATER, row("CA", "2020", "10.2", freq="A", **RATE), month)
    return {
        "bea_pce_state": history([pce]),
        "bea_rpp_state": history([release(price_tables.dataset("SARPP"), AUTUMN, prices)]),
        "la": history([first, second]),
    }


@pytest.fixture
def models():
    jobless = gold_models(name="jobless", source="la", title="Unemployment", freq="AM")
    look = state_look("jobless")
    below = [*pce_state_models(), *rpp_state_models(), *jobless]
    return [*(model for model in below if model.name in look.inputs), look]


class TestStateLook(ModelContract):
    @pytest.fixture
    def models(self, models):
        return models

    @pytest.fixture
    def histories(self, histories):
        return histories

    @pytest.fixture
    def expected(self):
        known = {"ref_area": "CA", "time_period": "2020"}
        found = {"price_level": "115.0", "unemployment_rate": "10.2"}
        nothing = {"price_level": None, "unemployment_rate": None}
        return {
            LOOK: [
                known | found | {"pce_per_capita": "46000", "pce_per_capita_at_us_prices": "40000"},
                known
                | nothing
                | {
                    "time_period": "2021",
                    "pce_per_capita": "53082",
                    "pce_per_capita_at_us_prices": None,
                },
            ]
        }


def rows_on(day, models, histories):
    connection = duckdb.connect()
    for name, table in histories.items():
        connection.register(name, table)
    for model in models:
        connection.register(model.name, computed(connection, model, model.sql_as_of(day)))
    shown = (
        "year, pce_per_capita, price_level, round(pce_per_capita_at_us_prices), unemployment_rate"
    )
    return connection.sql(f"SELECT {shown} FROM {LOOK} ORDER BY year").fetchall()


def test_a_state_and_year_has_the_figures_of_each_agency(models, histories):
    assert rows_on("DATE '9999-12-31'", models, histories) == [
        (2020, Decimal(46000), Decimal("115.0"), 40000.0, Decimal("10.2")),
        (2021, Decimal(53082), None, None, None),
    ]


def test_as_of_a_day_it_has_the_figures_published_by_then(models, histories):
    assert rows_on("DATE '2022-10-05'", models, histories) == []
    (first, _) = rows_on("DATE '2022-10-06'", models, histories)
    assert first == (2020, Decimal(46000), Decimal("115.0"), 40000.0, Decimal("10.1"))


def test_the_model_is_only_offered_for_sources_of_unemployment():
    def offered(survey, component="bls"):
        one = Instance(name="one", component=component, gold="jobless", settings={"survey": survey})
        return {model.name for model in statpipe_models(instances=[one])}

    assert offered("LA") - {model.name for model in statpipe_models()} == {LOOK}
    assert LOOK not in offered("CU") | offered("LA", component="tea")
