"""What analysts ask a lake for, on BEA's bundled sample: every command in this process."""

from __future__ import annotations

import csv
import io
import json

import pytest

from statpipe.cli.app import execute

from .conftest import Home

CALIFORNIA = ("--area", "CA", "--category", "SAPCE1:1")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A lake with both releases; read only."""
    made = Home(tmp_path_factory.mktemp("read only"))
    made.configure('[environments.local.sinks.lake]\n[sources.bea_pce_state]\nchannel = "sample"\n')
    made.run("run", "bea_pce_state")
    return made


@pytest.fixture
def run(here, monkeypatch, capsys):
    """Run a command in the folder of the lake; return what it prints."""
    monkeypatch.chdir(here.folder)
    for name in here.environment.keys() & {"COLUMNS"}:
        monkeypatch.delenv(name)

    def run(*arguments: str, code: int = 0) -> str:
        assert execute(arguments) == code, capsys.readouterr().err
        printed = capsys.readouterr()
        return printed.err if code else printed.out

    return run


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


# --- revisions ------------------------------------------------------------------------------------


def test_the_triangle_has_a_column_for_each_vintage(run):
    triangle = rows(run("revisions", "pce_state", *CALIFORNIA, "--triangle", "--wide", "--csv"))
    (of_2018,) = (row for row in triangle if row["time_period"] == "2018")
    assert of_2018 == {
        "time_period": "2018",
        "2020-10-08": "1852976.3",
        "2022-10-06": "1833872.8",
    }
    text = run("revisions", "pce_state", *CALIFORNIA, "--triangle", "--wide")
    assert "California (CA)" in text
    assert "2018         1,852,976.3  1,833,872.8" in text


def test_statistics_are_a_table_for_each_series(run):
    text = run("revisions", "pce_state", *CALIFORNIA)
    assert "California (CA), Personal consumption expenditures (SAPCE1:1), dataset SAPCE1" in text
    assert "mean revision           -23,513.50" in text
    (row,) = json.loads(run("revisions", "pce_state", *CALIFORNIA, "--json"))
    assert (row["release"], row["figures"], row["mean_revision"]) == (0, 3, pytest.approx(-23513.5))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pce_state", "--wide"), "--wide turns releases; say --triangle with it"),
        (("pce_state", "--release", "first"), "--release first is not a number; 0 is the first"),
        (("pce_stat",), "no model is named 'pce_stat'; did you mean 'pce_state'?"),
        (("pce_state", "--area", "ZZ"), "--area ZZ: pce_state_history has no ref_area ZZ"),
    ],
)
def test_what_has_no_revisions_is_told(run, arguments, says):
    assert says in run("revisions", *arguments, code=2)


# --- wide -----------------------------------------------------------------------------------------


def test_series_stand_beside_each_other(run):
    table = rows(run("show", "pce_state", "--area", "CA,TX", *CALIFORNIA[2:], "--wide", "--csv"))
    assert list(table[0]) == ["time_period", "CA", "TX"]
    assert table[3] == {"time_period": "2018", "CA": "1833872.8", "TX": "1127680.2"}
    assert "--wide is for models with a figure for each period" in run(
        "show", "pce_state_area", "--wide", code=2
    )
