"""What analysts ask a lake for, on BEA's bundled sample: every command in this process."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest
import yaml

from statpipe.cli.app import execute
from statpipe.cli.completion import complete
from support.patience import PATIENCE

from .conftest import Home

CALIFORNIA = ("--area", "CA", "--category", "SAPCE1:1")


@pytest.fixture(scope="module")
def here(tmp_path_factory, sample):
    """A lake with both releases; read only."""
    made = Home(tmp_path_factory.mktemp("read only"))
    made.configure('[environments.local.sinks.lake]\n[sources.bea_pce_state]\nchannel = "sample"\n')
    made.take(sample)
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


def test_the_triangle_has_a_column_per_vintage(run):
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


def test_statistics_are_one_table_per_series(run):
    text = run("revisions", "pce_state", *CALIFORNIA)
    assert "California (CA), Personal consumption expenditures (SAPCE1:1), dataset SAPCE1" in text
    assert "mean revision           -23,513.50" in text
    (row,) = json.loads(run("revisions", "pce_state", *CALIFORNIA, "--json"))
    assert (row["release"], row["figures"], row["mean_revision"]) == (0, 3, pytest.approx(-23513.5))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pce_state", "--wide"), "--wide only works with --triangle here; add --triangle"),
        (("pce_state", "--release", "first"), "--release first is not a number; 0 is the first"),
        (("pce_stat",), "no model is named 'pce_stat'; did you mean 'pce_state'?"),
        (("pce_state", "--area", "ZZ"), "--area ZZ: pce_state_history has no ref_area ZZ"),
    ],
)
def test_a_model_without_revisions_is_reported(run, arguments, says):
    assert says in run("revisions", *arguments, code=2)


# --- wide -----------------------------------------------------------------------------------------


def test_series_are_shown_in_columns(run):
    table = rows(run("show", "pce_state", "--area", "CA,TX", *CALIFORNIA[2:], "--wide", "--csv"))
    assert list(table[0]) == ["time_period", "CA", "TX"]
    assert table[3] == {"time_period": "2018", "CA": "1833872.8", "TX": "1127680.2"}
    assert "--wide needs a model with a figure for each period" in run(
        "show", "pce_state_area", "--wide", code=2
    )


# --- diff, vintages, search -----------------------------------------------------------------------


def test_diff_shows_the_largest_changes_first(run):
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


def test_dates_are_validated_and_nothing_changes_within_a_release(run):
    same = ("diff", "pce_state", "--from", "2021-01-01", "--to", "2021-06-01", *CALIFORNIA)
    assert "0 figures (0 changed, 0 new, 0 gone)" in run(*same)
    assert "--from 2022-01-01 is after --to 2021-01-01; swap them" in run(
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
def test_search_finds_matches_even_if_misspelt(run, words, kind, code):
    first, *_ = json.loads(run("search", *words, "--json"))
    assert (first["kind"], first["code"]) == (kind, code)


def test_a_model_stands_for_those_derived_from_it_unless_the_words_mean_one_of_them(run):
    def models(*words):
        found = json.loads(run("search", *words, "--json", "--limit", "1000"))
        return {one["model"] for one in found if one["kind"] == "model"}

    assert models("consumption", "state") == {"pce_state"}
    assert models("consumption", "rank") == {"pce_state_rank"}


def test_words_that_fit_nothing_are_told(run):
    assert "nothing matches xyzzy food" in run("search", "xyzzy", "food")
    assert "search for one or more words" in run("search", code=2)


def test_status_shows_the_state_after_the_last_run(run):
    standing = {row["source"]: row for row in json.loads(run("status", "--json"))}
    pce = standing["bea_pce_state"]
    assert (pce["standing"], pce["late"]) == ("current", False)
    assert (pce["released"], pce["last_outcome"]) == ("2022-10-06", "loaded")
    assert standing["bea_rpp_state"]["standing"] == "never run"
    text = run("status")
    assert "current" in text
    assert "no source has a release calendar, so the next releases are not known" in text


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
def test_completion_offers_the_expected_words(here, monkeypatch, capsys, words, offered):
    monkeypatch.chdir(here.folder)
    assert complete(words) == 0
    assert capsys.readouterr().out.splitlines() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion_script(run, shell):
    assert "statpipe complete" in run("completion", shell)


def test_bash_completes_codes_with_colons(here):
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


# --- pictures and reports -------------------------------------------------------------------------


def refuse_requests(text):
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|src=|href=", text)


def test_a_report_on_a_series_is_one_complete_file(run, tmp_path):
    path = tmp_path / "california.html"
    run("report", "pce_state", *CALIFORNIA, "--out", str(path))
    text = path.read_text()
    refuse_requests(text)
    assert len(text) < 500_000
    assert text.count('<svg class="picture"') == 4
    for words in (
        "<h1>Personal consumption expenditures, California</h1>",
        "2,082,806.8",
        "1,852,976.3",
        "The states in 2021",
        "13 checks passed.",
        "statpipe explain pce_state --area CA --category SAPCE1:1 --period 2021",
    ):
        assert words in text
    assert len(set(re.findall(r">([0-9a-f]{64})<", text))) > 2


def test_a_report_is_about_the_nation_by_default(run, tmp_path):
    path = tmp_path / "nation.html"
    run("report", "pce_state_yoy", "--out", str(path))
    assert "<h1>Personal consumption expenditures, United States</h1>" in path.read_text()


def test_a_run_has_a_report(run, here, tmp_path):
    path = tmp_path / "run.html"
    run("report", "latest", "--out", str(path))
    text = path.read_text()
    refuse_requests(text)
    assert text == (here.folder / "run.html").read_text()
    for words in (
        "bea_pce_state:",
        ">loaded<",
        "4,320 of 4,320 revised",
        "SAPCE1:11",
        "additivity",
    ):
        assert words in text


@pytest.mark.parametrize("kind", ["lines", "vintages", "revisions", "map"])
def test_plot_writes_picture_files(run, tmp_path, kind):
    path = tmp_path / "picture.svg"
    run("plot", "pce_state", *CALIFORNIA, "--kind", kind, "--out", str(path))
    assert ET.fromstring(path.read_text()).get("role") == "img"


def test_plot_writes_png_if_there_is_a_font(run, tmp_path):
    path = tmp_path / "picture.png"
    arguments = ("plot", "pce_state", *CALIFORNIA, "--out", str(path))
    if execute(arguments):
        assert "PNG needs a font" in run(*arguments, code=2)
    else:
        assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pce_state", "--out", "x.gif"), "--out x.gif must end in .svg or .png"),
        (("pce_state", "--out", "nix/x.svg"), "the folder nix does not exist; create it first"),
        (("pce_state_area",), "model pce_state_area has no figures over time"),
        (("pce_state", "--category", "SAPCE1:1"), "pce_state: 60 series match, and a picture shows at most 6; choose by --area"),
        (("pce_state", "--category", "SAPCE2:1", "--kind", "revisions"), "no figure of this series has been revised"),
    ],
)  # fmt: skip
def test_an_impossible_picture_is_reported(run, arguments, says):
    assert says in run("plot", *arguments, code=2)


# --- exports --------------------------------------------------------------------------------------


def sheet(path, number):
    """The cells of a sheet, by row: numbers as floats, texts as texts."""
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as book:
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
        shared = ET.fromstring(book.read("xl/sharedStrings.xml"))
    texts = ["".join(one.itertext()) for one in shared.findall("x:si", space)]

    def value(cell):
        found = cell.findtext("x:v", None, space)
        return texts[int(found)] if cell.get("t") == "s" else float(found)

    return [[value(c) for c in row.findall("x:c", space) if len(c)] for row in root.iter(f"{{{space['x']}}}row")]  # fmt: skip


def test_a_workbook_has_numbers_and_their_description(run, tmp_path):
    path = tmp_path / "triangle.xlsx"
    run("revisions", "pce_state", *CALIFORNIA, "--triangle", "--wide", "--xlsx", str(path))
    head, *body = sheet(path, 1)
    assert head == ["time_period", "2020-10-08", "2022-10-06"]
    assert ["2018", 1852976.3, 1833872.8] in body
    run("show", "pce_state", *CALIFORNIA, "--xlsx", str(path))
    head, first, *_ = sheet(path, 1)
    assert "value" in head
    assert 1589634.6 in first
    about = sheet(path, 2)
    assert ["model", "pce_state", ""] in about or ["model", "pce_state"] in about
    assert any(row[0] == "value" and "exactly as published" in row[1] for row in about)


def test_a_duckdb_file_has_all_of_gold_with_comments(run, tmp_path):
    path = tmp_path / "gold.duckdb"
    assert "10 tables" in run("show", "--duckdb", str(path))
    with duckdb.connect(str(path), read_only=True) as connection:
        asked = "SELECT value FROM pce_state WHERE ref_area = 'CA' AND category = 'SAPCE1:1' AND year = 2018"
        assert str(connection.sql(asked).fetchall()[0][0]).startswith("1833872.8")
        comments = "SELECT comment FROM duckdb_columns() WHERE table_name = 'pce_state' AND column_name = 'value'"
        assert "exactly as published" in connection.sql(comments).fetchall()[0][0]
    run("show", "pce_state", *CALIFORNIA, "--duckdb", str(path))
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.sql("SELECT count(*) FROM pce_state").fetchall() == [(7,)]


def test_another_file_is_not_overwritten_with_duckdb(run, tmp_path):
    path = tmp_path / "thesis.txt"
    path.write_text("three years of work")
    told = run("show", "pce_state", "--duckdb", str(path), code=2)
    assert "exists and is not a DuckDB file; name another file" in told
    assert path.read_text() == "three years of work"


def test_catalogs_describe_the_models_in_the_lake(run, here, tmp_path):
    run("catalog", "export", str(tmp_path / "catalog"))
    package = json.loads((tmp_path / "catalog" / "datapackage.json").read_text())
    (of_pce,) = (one for one in package["resources"] if one["name"] == "pce-state")
    assert of_pce["schema"]["primaryKey"][0] == "ref_area"
    assert all((here.lake / path).exists() for path in of_pce["path"])
    value = next(one for one in of_pce["schema"]["fields"] if one["name"] == "value")
    assert (value["type"], value["unit"]) == ("number", "see unit")
    dcat = json.loads((tmp_path / "catalog" / "catalog.jsonld").read_text())
    found = {one["dct:identifier"]: one for one in dcat["dcat:dataset"]}["pce_state"]
    assert found["dct:modified"]["@value"] == "2022-10-06"
    assert found["dcat:distribution"][0]["dcat:downloadURL"].startswith("file:///")
    sources = yaml.safe_load((tmp_path / "catalog" / "sources.yml").read_text())["sources"]
    assert sources[0]["schema"] == "gold"
    tables = {one["name"]: one for one in sources[0]["tables"]}
    assert tables["pce_state"]["columns"][0]["data_tests"] == ["not_null"]
