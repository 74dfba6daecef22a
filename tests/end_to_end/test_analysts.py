"""What analysts ask a lake for, on BEA's bundled sample: every command in this process."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from statpipe.cli.app import execute
from statpipe.cli.completion import complete
from support.patience import PATIENCE

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


# --- diff, vintages, search -----------------------------------------------------------------------


def test_what_changed_between_two_days_is_told_by_size(run):
    table = rows(run("diff", "pce_state", "--from", "2021-01-01", *CALIFORNIA, "--csv"))
    assert {row["time_period"]: row["what"] for row in table} == {
        "2017": "changed",
        "2018": "changed",
        "2019": "changed",
        "2020": "new",
        "2021": "new",
    }
    (of_2018,) = (row for row in table if row["time_period"] == "2018")
    assert (of_2018["old_value"], of_2018["new_value"]) == ("1852976.3", "1833872.8")
    assert of_2018["difference"] == "-19103.5"
    text = run("diff", "pce_state", "--from", "2021-01-01", "--area", "CA,TX", "--limit", "1")
    assert "(144 changed, " in text
    assert "California" in text


def test_days_are_checked_and_nothing_changes_within_a_release(run):
    same = ("diff", "pce_state", "--from", "2021-01-01", "--to", "2021-06-01", *CALIFORNIA)
    assert "0 figures (0 changed, 0 new, 0 gone)" in run(*same)
    assert "--from 2022-01-01 is after --to 2021-01-01; exchange them" in run(
        "diff", "pce_state", "--from", "2022-01-01", "--to", "2021-01-01", code=2
    )
    assert "--from 'then' is not a date" in run("diff", "pce_state", "--from", "then", code=2)


def test_vintages_are_listed_oldest_first(run):
    listed = json.loads(run("vintages", "pce_state", "--json"))
    assert [one["vintage"] for one in listed] == ["2020-10-08"] + ["2022-10-06"] * 4
    of_2021 = run("vintages", "pce_state", *CALIFORNIA, "--period", "2021")
    assert "2022-10-06" in of_2021
    assert "2020-10-08" not in of_2021


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        (("housing", "utilities"), "category", "SAPCE1:15"),
        (("houssing utilties",), "category", "SAPCE1:15"),
        (("SAPCE2:1",), "category", "SAPCE2:1"),
        (("califronia",), "area", "CA"),
        (("growth", "years"), "model", "pce_state_rolling"),
    ],
)
def test_words_find_what_they_fit_also_misspelt(run, words, kind, code):
    first, *_ = json.loads(run("search", *words, "--json"))
    assert (first["kind"], first["code"]) == (kind, code)


def test_words_that_fit_nothing_are_told(run):
    assert "nothing fits xyzzy food" in run("search", "xyzzy", "food")
    assert "no word is given" in run("search", code=2)


# --- completion -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("vin",), ["vintages"]),
        (("runs", "s"), ["show"]),
        (("show", "pce_state_revi"), ["pce_state_revisions"]),
        (("diff", "pce_state", "--fr"), ["--from"]),
        (("show", "pce_state", "--area", "CA", "TX", "W"), ["WA", "WI", "WV", "WY"]),
        (("show", "pce_state", "--category", "SAPCE1:2"), [f"SAPCE1:{n}" for n in ("2", *range(20, 25))]),
        (("run", "bea_p"), ["bea_pce_state"]),
        (("show", "pce_state", "--env", "l"), ["local"]),
        (("runs", "show", "late"), ["latest"]),
        (("show", "nix", "--area", "C"), []),
        (("show", "pce_state", "--config", ""), []),
    ],
)  # fmt: skip
def test_what_a_shell_offers(here, monkeypatch, capsys, words, offered):
    monkeypatch.chdir(here.folder)
    assert complete(words) == 0
    assert capsys.readouterr().out.splitlines() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script_that_asks_statpipe(run, shell):
    assert "statpipe complete" in run("completion", shell)


def test_bash_offers_codes_with_colons(here):
    line = "statpipe show pce_state --category SAPCE1:1"
    ask = f'source <(statpipe completion bash); COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}; _statpipe; echo "${{COMPREPLY[@]}}"'
    environment = {
        **here.environment,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-c", ask], cwd=here.folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True
    )  # fmt: skip
    assert done.stdout.split()[:3] == ["1", "10", "11"]
