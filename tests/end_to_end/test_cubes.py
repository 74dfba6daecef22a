"""A source whose codes come as data: a folder, an embedded PostgreSQL, the command line."""

from __future__ import annotations

import json
import os
import re

import pytest

from support.installed import TESTS, install_rates
from support.rates import RATES, STRUCTURE, RatesAgency, structure

from .conftest import Home

CELL = ("--area", "U2", "--category", "USD.EUR.SP00", "--period", "2024-01-05")
RENAMED = structure(CURRENCY={"USD": "Dollar of the United States", "GBP": "Pound sterling"})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two releases, loaded; the second calls the dollar by another name."""
    made = Home(tmp_path_factory.mktemp("bank"))
    plugin = install_rates(made.folder / "installed")
    agency = RatesAgency()
    made.environment |= {
        "PYTHONPATH": os.pathsep.join(map(str, (plugin, TESTS))),
        "RATES_AGENCY": str(made.folder / "agency.json"),
    }
    for day, document in (("2024-01-09", STRUCTURE), ("2024-01-10", RENAMED)):
        agency.publish(day, RATES, document)
        agency.save(made.folder / "agency.json")
        made.run("run", "central_bank")
    yield made
    made.run("db", "stop", code=None)


def rows(home, *arguments):
    return json.loads(home.run("show", *arguments, "--json").stdout)


def test_rows_are_selected_by_the_code_of_a_dimension(home):
    found = rows(home, "exr", "--where", "currency=USD")
    assert {row["category"] for row in found} == {"USD.EUR.SP00"}
    assert {row["currency_name"] for row in found} == {"Dollar of the United States"}
    assert len(found) == 4


def test_rows_as_of_a_day_are_selected_by_the_code_of_a_dimension(home):
    found = rows(home, "exr", "--where", "currency=GBP", "--as-of", "2024-01-09")
    assert [row["value"] for row in found] == ["0.86105"]


def test_postgresql_has_the_same_dimensions_as_the_lake(home):
    for table in ("exr", "exr_category"):
        (row,) = home.query(
            f"SELECT DISTINCT category, currency, currency_name, currency_denom, exr_type_name "
            f"FROM gold.{table} WHERE currency = 'USD'"
        )
        assert row == {
            "category": "USD.EUR.SP00",
            "currency": "USD",
            "currency_name": "Dollar of the United States",
            "currency_denom": "EUR",
            "exr_type_name": "Spot",
        }
    asked = "SELECT value::text FROM gold.exr_as_of('2024-01-09') WHERE currency = 'GBP'"
    assert home.query(asked) == [{"value": "0.86105"}]


def test_a_figure_leads_to_its_payload(home):
    done = home.run("explain", "exr", *CELL, "--where", "freq=B")
    assert "Dollar of the United States, Euro, Spot, 2024-01-05" in done.stdout
    assert "read again: 1.0921" in done.stdout
    assert re.search(r"structure +hash [0-9a-f]{64}", done.stdout)
    assert "/EXR-structure-" in done.stdout
    told = json.loads(home.run("explain", "exr", *CELL, "--where", "freq=B", "--json").stdout)
    (key,) = told["structure"]["bronze"]
    assert (home.lake / key).exists()
    assert len(told["structure"]["sha256"]) == 64


def test_a_figure_with_several_frequencies_needs_a_frequency(home):
    several = home.run("explain", "exr", *CELL, code=2)
    assert "say which, for example --where freq=B" in several.stderr
