import json
import subprocess
import sys
from decimal import Decimal

import attrs
import pytest

from statpipe.api import Agreement, Dataset
from statpipe_checks.plugin import statpipe_checks
from statpipe_checks.settings import SumSettings

DEFAULTS = {
    "schema": "error",
    "non_null_keys": "error",
    "unique_keys": "error",
    "row_count": "error",
    "complete": "error",
    "value_range": "error",
    "stable_categories": "error",
    "plausible_revision": "error",
    "stable_descriptions": "warning",
    "still_shown": "warning",
    "suspect_patterns": "warning",
    "additivity": "warning",
    "agreement": "warning",
}


def test_the_checks_are_offered_with_their_default_severities():
    assert {c.name: c.settings().severity for c in statpipe_checks()} == DEFAULTS


def test_each_check_has_the_name_under_which_it_is_offered():
    made = {one.name: one.factory(one.settings()).name for one in statpipe_checks()}
    assert made == {name: name for name in DEFAULTS}


def test_loading_the_plugin_loads_neither_duckdb_nor_pyarrow():
    code = (
        "import sys, statpipe_checks.plugin as p; p.statpipe_checks();"
        "print([m for m in ('duckdb', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", DEFAULTS)
def test_the_verdict_has_the_configured_severity(name, judge, observe):
    assert judge(name, observe("US 1 2019 1"), severity="warning").severity == "warning"
    assert judge(name, observe("US 1 2019 1"), severity="error").severity == "error"


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_verdict_names_check_dataset_and_vintage_and_converts_to_json(name, judge, observe):
    result = judge(name, observe("US 1 2019 1"))
    assert (result.check, result.dataset, result.vintage) == (name, "T", "2022-10-06")
    assert result.passed
    assert result.message
    assert "\n" not in result.message
    json.dumps(list(result.cells))


@pytest.mark.parametrize("name", [n for n in DEFAULTS if n not in {"schema", "plausible_revision"}])
def test_a_check_whose_column_is_missing_says_so_instead_of_breaking_the_run(name, judge, observe):
    current = observe("US 1 2019 1")
    current = attrs.evolve(current, table=current.table.select(["dataset"]))
    result = judge(name, current)
    assert not result.passed
    assert result.message.startswith("not judged: the table has no ")
    assert result.message.endswith("; see the check schema")


@pytest.mark.parametrize("tolerance", ["-1", "much", "NaN", "Infinity"])
def test_an_invalid_tolerance_is_refused(tolerance):
    with pytest.raises(ValueError, match="tolerance must be a decimal number of at least 0, not"):
        SumSettings(tolerance=tolerance)


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("value_range", {"valid_range": (Decimal(0), Decimal(1))}),
        ("additivity", {"additive": frozenset({"category"})}),
        ("agreement", {"agreements": (Agreement(dataset="OTHER", pairs=()),)}),
    ],
)
def test_a_check_applies_only_to_datasets_that_declare_what_it_judges(name, declared):
    [component] = [c for c in statpipe_checks() if c.name == name]
    check = component.factory(component.settings())
    assert not check.applies_to(Dataset(name="T", title="Tea", normalizer="n"))
    assert check.applies_to(Dataset(name="T", title="Tea", normalizer="n", **declared))
