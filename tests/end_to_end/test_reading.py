"""``import statpipe`` on BEA's bundled sample, beside the command line and PostgreSQL."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import statpipe
from statpipe.api import ConfigError, ContentError
from statpipe.engine.answers.exact_value import exact
from support.patience import PATIENCE

from .conftest import Home, new_home

CALIFORNIA = {"ref_area": "CA", "category": "SAPCE1:1"}
OPTIONS = ("--area", "CA", "--category", "SAPCE1:1")
OLD_DAY = "2021-01-01"
PAGE = Path(__file__).parents[2] / "docs" / "analysts.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory, sample):
    """A lake and a database with both releases; read only."""
    with new_home(tmp_path_factory.mktemp("read only")) as made:
        made.configure('[sources.bea_pce_state]\nchannel = "sample"\n')
        made.take(sample, database=True)
        made.run("db", "start")  # so that each look does not start it anew
        yield made


@pytest.fixture
def reader(home):
    with statpipe.open(config=home.folder / "statpipe.toml") as opened:
        yield opened


@pytest.fixture
def python(home):
    """Run Python code in the folder of a lake; return what it prints."""

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


def as_shown(figures):
    return [{name: exact(value) for name, value in row.items()} for row in figures.to_pylist()]


def shown(home: Home, *arguments: str):
    return json.loads(home.run("show", *arguments, "--json").stdout)


@pytest.mark.parametrize("day", [None, OLD_DAY])
@pytest.mark.parametrize(
    ("where", "options"),
    [
        (CALIFORNIA, OPTIONS),
        (
            {"ref_area": ["CA", "TX"], "period": "2018:2019"},
            ("--area", "CA,TX", "--period", "2018:2019"),
        ),
        (
            {"geo_level": "region", "year": 2019},
            ("--where", "geo_level=region", "--where", "year=2019"),
        ),
    ],
)
def test_lake_database_and_command_line_give_the_same_rows(home, reader, day, where, options):
    read = reader.read("pce_state", as_of=day, **where)
    in_database = reader.read("pce_state", as_of=day, sink="postgres", **where)
    assert len(read) > 1
    assert as_shown(read) == shown(home, "pce_state", *options, *(["--as-of", day] if day else []))
    assert in_database.table.equals(read.table)
    assert in_database.table.schema.equals(read.table.schema, check_metadata=True)


def test_rows_as_of_a_day_are_those_of_the_function_in_sql(home, reader):
    sql = f"SELECT ref_area, time_period, category, value FROM pce_state_as_of('{OLD_DAY}') WHERE dataset = 'SAPCE1'"
    told = {tuple(row.values())[:3]: Decimal(row["value"]) for row in home.query(sql)}
    read = reader.read("pce_state", as_of=date.fromisoformat(OLD_DAY), dataset="SAPCE1")
    rows = read.to_pylist()
    assert {(r["ref_area"], r["time_period"], r["category"]): r["value"] for r in rows} == told
    assert len(rows) == len(told)


def test_floats_are_the_doubles_nearest_to_the_exact_figures(reader):
    where = {"geo_level": "state", "period": 2018}
    exactly = reader.read("pce_state", **where).table["value"].to_pylist()
    doubles = reader.read("pce_state", floats=True, **where).table["value"].to_pylist()
    assert doubles == [None if one is None else float(one) for one in exactly]


def test_frames_are_exact_or_floats(reader):
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    exactly = reader.read("pce_state", **CALIFORNIA)
    doubles = reader.read("pce_state", floats=True, **CALIFORNIA)
    assert Decimal("1833872.8") in list(exactly.to_pandas()["value"])
    assert doubles.to_pandas()["value"].max() == 2082806.8
    assert doubles.to_pandas()["ref_area"].to_list() == ["CA"] * 7
    assert Decimal("1833872.8") in exactly.to_polars()["value"].to_list()
    assert doubles.to_polars()["value"].max() == 2082806.8


def test_vintages_are_all_or_those_that_set_a_chosen_figure(reader):
    listed = reader.vintages("pce_state").to_pylist()
    assert [one["released"] for one in listed] == [date(2020, 10, 8)] + [date(2022, 10, 6)] * 4
    of_2021 = reader.vintages("pce_state", period="2021", **CALIFORNIA).to_pylist()
    assert [(one["dataset"], one["vintage"]) for one in of_2021] == [("SAPCE1", "2022-10-06")]


def test_revisions_are_those_of_the_model_of_revisions(home, reader):
    read = reader.revisions("pce_state", **CALIFORNIA)
    assert as_shown(read) == shown(home, "pce_state_revisions", *OPTIONS)
    assert read.to_pylist()[0]["difference"] == Decimal("-21048.5")


def test_explain_is_what_the_command_line_explains(home, reader):
    cell = {**CALIFORNIA, "period": 2018}
    then = reader.explain("pce_state", as_of=OLD_DAY, **cell)
    told = home.run(
        "explain", "pce_state", *OPTIONS, "--period", "2018", "--as-of", OLD_DAY, "--json"
    )
    assert then["figure"] == json.loads(told.stdout)["figure"]
    assert then["figure"]["value"] == "1852976.3"
    assert then["problems"] == []


def test_search_and_diff_are_what_the_commands_tell(home, reader):
    told = json.loads(home.run("search", "housing utilities", "--json", "--limit", "1000").stdout)
    assert told
    assert reader.search("housing", "utilities").to_pylist() == told
    days = ("2021-01-01", "2022-12-31")
    chosen = ("--from", days[0], "--to", days[1], *OPTIONS)
    told = json.loads(home.run("diff", "pce_state", *chosen, "--json").stdout)
    assert as_shown(reader.diff("pce_state", *days, **CALIFORNIA)) == told
    assert reader.diff("pce_state", OLD_DAY, floats=True, **CALIFORNIA).to_pylist()[0] == {
        **reader.diff("pce_state", OLD_DAY, **CALIFORNIA).to_pylist()[0],
        "old_value": 1759402.1,
        "new_value": 1738353.6,
        "difference": -21048.5,
    }


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda lake: lake.search(" "), 'one or more words, such as `statpipe.search("food")`'),
        (
            lambda lake: lake.diff("pce_state", "2022-01-01", "2021-01-01"),
            'from_="2022-01-01" is after to="2021-01-01"; swap them',
        ),
        (lambda lake: lake.diff("pce_state", "then"), "from_='then' is not a date"),
        (lambda lake: lake.diff("pce_state", OLD_DAY, "soon"), "to='soon' is not a date"),
        (lambda lake: lake.diff("pce_state", None), "from_=None is not a date"),
        (
            lambda lake: lake.diff("pce_state", "2019-01-01", "2020-01-01"),
            'to="2020-01-01": pce_state had no such row on that date',
        ),
    ],
)
def test_what_cannot_be_searched_or_compared_is_told_in_the_words_of_python(reader, ask, says):
    with pytest.raises(ConfigError) as raised:
        ask(reader)
    assert says in str(raised.value)
    assert "--" not in str(raised.value)


@pytest.mark.parametrize("sink", [None, "postgres"])
@pytest.mark.parametrize(
    ("model", "where", "says"),
    [
        ("pce_stat", {}, "no model is named 'pce_stat'; did you mean 'pce_state'?"),
        (
            "pce_state",
            {"ref_area": "California"},
            (
                'ref_area="California": pce_state has no ref_area California; did you mean '
                "'CA' (California)?"
            ),
        ),
        (
            "pce_state",
            {"ref_area": ["CA", "ZZ"], "category": "SAPCE1:1"},
            'ref_area="ZZ": pce_state has no ref_area ZZ; it has ',
        ),
        (
            "pce_state",
            {"category": "SAPCE2:1", "period": 2015},
            'no row matches all of category="SAPCE2:1", period="2015": ',
        ),
        ("pce_state", {"period": "2021:2019"}, 'ends before it begins; use period="2019:2021"'),
        (
            "pce_state",
            {"area": "CA"},
            "model pce_state has no column area; its columns are ref_area",
        ),
        ("pce_state", {"value": "1"}, "rows of pce_state cannot be chosen by value, a decimal"),
        ("pce_state", {"as_of": "2021"}, "as_of='2021' is not a date; write year-month-day"),
        ("pce_state_history", {"as_of": OLD_DAY}, "pce_state_history"),
        ("pce_state", {"ref_area": "' OR ''='"}, "pce_state has no ref_area ' OR ''='"),
    ],
)
def test_what_cannot_be_read_is_told_in_the_words_of_python(reader, sink, model, where, says):
    with pytest.raises(ConfigError) as raised:
        reader.read(model, sink=sink, **where)
    assert says in str(raised.value)
    assert "--" not in str(raised.value)


def test_a_sink_or_environment_that_is_not_there_is_told_with_those_that_are(home, reader):
    with pytest.raises(ConfigError, match="no sink 'postgre'; did you mean 'postgres'"):
        reader.read("pce_state", sink="postgre")
    with (
        pytest.raises(ConfigError, match="there is no environment 'lokal'; did you mean 'local'"),
        statpipe.open("lokal", config=home.folder / "statpipe.toml"),
    ):
        pass


def test_a_model_that_was_not_made_yet_is_told_with_the_command(reader):
    with pytest.raises(ContentError, match="run `statpipe run bea_rpp_state` to build it"):
        reader.read("rpp_state")


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
    assert said[0].startswith("PluginError no model is named 'pce_stat'; did you mean 'pce_state'?")
    assert said[1] == (
        "NoRows ref_area=\"CAX\": pce_state has no ref_area CAX; did you mean 'CA' (California)?"
    )
    assert said[2].endswith('from 2020-10-08; use as_of="2020-10-08" or later')
    assert "has no column nocolumn; its columns are ref_area" in said[3]
    assert said[4].startswith("ConfigError ")
    assert "stagin" in said[4]
    assert said[5].startswith("PluginError no model is named 'pce_state_area_revisions'")


def test_importing_statpipe_loads_nothing_heavy(python):
    code = """
import sys, statpipe
print([name for name in ("pyarrow", "duckdb", "httpx", "pluggy", "attrs") if name in sys.modules])
"""
    assert python(code).strip() == "[]"


def test_a_look_into_the_lake_loads_just_what_it_needs(python):
    code = """
import sys, statpipe
print(len(statpipe.read("pce_state", ref_area="CA", category="SAPCE1:1")))
heavy = ("psycopg", "duckdb", "obstore", "pandas", "polars")
print([name for name in heavy if name in sys.modules])
"""
    assert python(code).splitlines() == ["7", "[]"]


def test_a_look_from_the_command_line_loads_just_what_it_needs(python):
    code = """
import sys
from statpipe.cli.app import execute
figure = "pce_state --area CA --category SAPCE1:1".split()
codes = [execute(["show", *figure]), execute(["explain", *figure, "--period", "2018"])]
heavy = ("rich", "psycopg", "duckdb", "obstore", "boto3", "httpx")
print(codes, [name for name in heavy if name in sys.modules])
"""
    assert python(code).splitlines()[-1] == "[0, 0] []"


def test_the_page_for_analysts_does_what_it_says(python):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    plain = "\n".join(one for one in blocks if "pandas" not in one and "polars" not in one)
    assert plain.count("statpipe.") > 5
    printed = python(plain)
    told = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for text in told:
        for line in text.strip().splitlines():
            assert line in printed


def test_what_the_page_has_r_ask_for_is_there(home, reader, monkeypatch):
    """R itself is not run: the SQL is, and the columns that arrow chooses are looked for."""
    monkeypatch.chdir(home.folder)
    r = PAGE.read_text().partition("\n## R\n")[2].partition("\n## ")[0]
    now, then = (duckdb.sql(sql).fetchall() for sql in re.findall(r'dbGetQuery\(con, "([^"]+)"', r))
    for rows, day in ((now, None), (then, OLD_DAY)):
        read = reader.read("pce_state", as_of=day, floats=True, **CALIFORNIA).to_pylist()
        assert [row[-2:] for row in rows] == [(one["value"], one["vintage"]) for one in read]
    chosen = re.search(r"select\(([^)]+)\)", r)[1].split(", ")
    assert reader.revisions("pce_state", **CALIFORNIA).table.select(chosen).num_rows
