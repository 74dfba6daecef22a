"""``import statpipe``: the same figures as on the command line and in PostgreSQL, in two lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.patience import PATIENCE

PAGE = Path(__file__).parents[2] / "docs" / "analysts.md"


@pytest.fixture
def python(home):
    """Run Python code in the folder of a lake; return what it prints."""
    home.run("run", "bea_pce_state")

    def python(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=home.folder,
            env=home.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return python


def test_what_is_read_is_what_the_command_shows_and_postgresql_has(home, python):
    code = """
import json, statpipe
from statpipe.engine.answers.exact_value import exact
for asked in ({}, {"as_of": "2021-01-01"}):
    found = statpipe.read("pce_state", ref_area=["CA", "US"], category="SAPCE1:1", period="2018:", **asked)
    print(json.dumps([{n: exact(v) for n, v in row.items()} for row in found.to_pylist()]))
"""
    latest, then = map(json.loads, python(code).splitlines())
    chosen = ("--area", "CA,US", "--category", "SAPCE1:1", "--period", "2018:", "--json")
    for rows, options in ((latest, ()), (then, ("--as-of", "2021-01-01"))):
        shown = json.loads(home.run("show", "pce_state", *chosen, *options).stdout)
        assert rows == shown
    assert [row["vintage"] for row in then] == ["2020-10-08"] * len(then)
    asked = (
        "SELECT ref_area, time_period, value FROM gold.pce_state_as_of(DATE '2021-01-01') "
        "WHERE ref_area IN ('CA', 'US') AND category = 'SAPCE1:1' AND time_period >= '2018'"
    )
    held = {(r["ref_area"], r["time_period"]): float(r["value"]) for r in home.query(asked)}
    assert {(r["ref_area"], r["time_period"]): float(r["value"]) for r in then} == held


def test_what_cannot_be_read_says_what_to_do_in_the_words_of_python(python):
    code = """
import statpipe
for call in (
    lambda: statpipe.read("pce_stat"),
    lambda: statpipe.read("pce_state", ref_area="CAX"),
    lambda: statpipe.read("pce_state", as_of="1999-01-01"),
    lambda: statpipe.read("pce_state", nocolumn="1"),
    lambda: statpipe.read("pce_state", environment="stagin"),
    lambda: statpipe.revisions("pce_state_area"),
):
    try:
        call()
    except Exception as error:
        print(type(error).__name__, error)
"""
    said = python(code).splitlines()
    assert said[0] == "ConfigError no model is named 'pce_stat'; did you mean 'pce_state'?"
    assert said[1] == (
        "NoRows ref_area=\"CAX\": pce_state has no ref_area CAX; did you mean 'CA' (California)?"
    )
    assert said[2].endswith('of 2020-10-08, say as_of="2020-10-08" or later')
    assert "has no column nocolumn; its columns are ref_area" in said[3]
    assert said[4].startswith("ConfigError ")
    assert "stagin" in said[4]
    assert said[5].startswith("ConfigError no model is named 'pce_state_area_revisions'")


def test_importing_statpipe_loads_nothing_heavy(python):
    code = """
import sys, statpipe
print([name for name in ("pyarrow", "duckdb", "httpx", "pluggy", "attrs") if name in sys.modules])
"""
    assert python(code).strip() == "[]"


def test_the_page_for_analysts_does_what_it_says(python):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    plain = "\n".join(one for one in blocks if "pandas" not in one and "polars" not in one)
    assert plain.count("statpipe.") > 5
    printed = python(plain)
    told = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for text in told:
        for line in text.strip().splitlines():
            assert line in printed
