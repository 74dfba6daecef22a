"""``statpipe show`` and ``statpipe explain`` on BEA's bundled sample."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from .conftest import Home

CALIFORNIA = ("--area", "CA", "--category", "SAPCE1:1")
OLD_DAY = ("--as-of", "2021-01-01")
CANARY = "CANARY0-1111-2222-3333-444455556666"
CONFIGURATION = '[environments.local.sinks.lake]\n[sources.bea_pce_state]\nchannel = "sample"\n'


@pytest.fixture(scope="module")
def here(tmp_path_factory, sample):
    """A lake with both releases; read only."""
    made = Home(tmp_path_factory.mktemp("read only"))
    made.configure(CONFIGURATION)
    made.environment["BEA_API_KEY"] = CANARY
    made.take(sample)
    return made


@pytest.fixture
def copy(here, tmp_path):
    """A lake to be damaged."""
    made = Home(tmp_path / "copy")
    shutil.copytree(here.folder, made.folder)
    return made


def rows(home, *arguments):
    return json.loads(home.run("show", *arguments, "--json").stdout)


def table(text):
    """The rows of a printed table, by their first word."""
    return {words[0]: words[1:] for words in map(str.split, text.splitlines()) if words}


# --- show -----------------------------------------------------------------------------------------


def test_one_series_has_its_common_values_in_the_heading_and_a_sparkline(here):
    done = here.run("show", "pce_state", *CALIFORNIA)
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "Personal consumption expenditures by state: latest figures",
        "California (CA)",
        "Personal consumption expenditures (SAPCE1:1)",
        "Millions of current dollars, dataset SAPCE1",
    ]
    assert table(done.stdout)["2018"] == ["1,833,872.8", "2022-10-06", "2022-10-06"]
    assert lines[-1] == "value ▁▂▃▄▆▅█  min 1,589,634.6 (2015), max 2,082,806.8 (2021)"
    assert done.stderr == ""


def test_as_of_a_day_shows_the_figures_current_then(here):
    done = here.run("show", "pce_state", *CALIFORNIA, *OLD_DAY)
    assert done.stdout.splitlines()[0].endswith(": latest figures, as of 2021-01-01")
    assert table(done.stdout)["2018"] == ["1,852,976.3"]
    assert "2021 " not in done.stdout


def test_derived_figures_can_be_shown_as_of_a_day(here):
    (row,) = rows(here, "pce_state_yoy", *CALIFORNIA, "--period", "2018", *OLD_DAY)
    assert (row["value"], row["previous_value"]) == ("1852976.3", "1759402.1")
    assert row["change"] == str(Decimal("1852976.3") - Decimal("1759402.1"))
    assert rows(here, "pce_state_rank", *CALIFORNIA, "--period", "2018", *OLD_DAY)[0]["rank"] == 1


def test_several_series_have_one_line_each(here):
    arguments = ("--area", "TX,US", "--area", "CA", "--category", "SAPCE1:1")
    found = table(here.run("show", "pce_state", *arguments).stdout)
    assert found["CA"] == ["California", "1,589,634.6", "2,082,806.8", "▁▂▃▄▆▅█"]
    assert [code for code in found if code in {"CA", "TX", "US"}] == ["CA", "TX", "US"]


def test_one_period_of_several_series_is_a_table_of_figures(here):
    arguments = ("--area", "CA", "--dataset", "SAPCE1", "--period", "2021", "--limit", "3")
    done = here.run("show", "pce_state", *arguments)
    found = table(done.stdout)
    assert found["SAPCE1:2"] == ["Goods", "645,501.2"]
    assert "SAPCE1:4" not in found
    last = done.stdout.splitlines()[-1]
    assert last == "21 more rows: choose fewer, or use --limit or --csv"


def test_a_missing_figure_is_shown_as_its_reason(here):
    arguments = ("--area", "KS", "--category", "SAPCE3:75", "--period", "2020:2021")
    found = table(here.run("show", "pce_state", *arguments).stdout)
    assert found["2021"][0] == "(L)"
    assert [r["value"] for r in rows(here, "pce_state", *arguments)][-1] is None


def test_revisions_of_a_cell_are_listed_below_each_other(here):
    done = here.run("show", "pce_state_history", *CALIFORNIA, "--period", "2018")
    assert "1,852,976.3" in done.stdout
    assert "1,833,872.8" in done.stdout


def test_csv_has_every_row_and_column_with_exact_decimals(here):
    arguments = ("show", "pce_state", "--where", "geo_level=state", "--period", "2018", "--csv")
    found = list(csv.DictReader(io.StringIO(here.run(*arguments).stdout)))
    assert len(found) == 51 * 293
    (california,) = (r for r in found if (r["ref_area"], r["category"]) == ("CA", "SAPCE1:1"))
    assert (california["value"], california["notes"]) == ("1833872.8", "")
    assert california["period_start"] == "2018-01-01"


def test_json_has_decimals_as_text_and_other_values_as_json_types(here):
    (row,) = rows(here, "pce_state_yoy", *CALIFORNIA, "--period", "2018")
    assert (row["value"], row["year"], row["reason"]) == ("1833872.8", 2018, None)
    assert isinstance(row["percent_change"], float)


def test_parquet_has_the_descriptions_of_the_model(here, tmp_path):
    path = tmp_path / "out.parquet"
    done = here.run("show", "pce_state", *CALIFORNIA, "--parquet", str(path))
    assert done.stdout == ""
    found = pq.read_table(path)
    assert Decimal("1833872.8") in found["value"].to_pylist()
    assert found.schema.field("value").metadata[b"unit"] == b"see unit"
    assert found.schema.metadata[b"grain"] == b"ref_area,category,time_period,dataset,freq"
    assert str(found.schema.field("ref_area").type) == "string"


def test_without_a_model_all_models_are_listed_with_their_rows(here, tmp_path):
    listed = {one["model"]: one for one in json.loads(here.run("show", "--json").stdout)}
    assert listed["pce_state_area"]["rows"] == 60
    assert listed["pce_state_area"]["grain"] == ["ref_area"]
    assert "pce_state_rank" in table(here.run("show").stdout)
    empty = Home(tmp_path / "empty")
    empty.folder.mkdir()
    empty.configure(CONFIGURATION)
    assert "pce_state" in here.run("show").stdout
    assert re.search(
        r"^\d+ models of bea_pce_state, bea_rpp_state not built yet: `statpipe run SOURCE` builds them$",
        empty.run("show").stdout,
        re.MULTILINE,
    )
    assert empty.run("show", "pce_state", code=4).stderr == (
        "statpipe: the lake has no gold/pce_state; run `statpipe run bea_pce_state` to build it "
        "(exit 4)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pce_stat",), "no model is named 'pce_stat'; did you mean 'pce_state'?"),
        (("pce_state", "--area", "California"), "did you mean 'CA' (California)?"),
        (
            ("pce_state", "--period", "1990"),
            "pce_state has no time_period 1990; it has 2015 to 2021",
        ),
        (
            ("pce_state", "--area", "CA", "--category", "SAPCE2:1", "--period", "2015"),
            "pce_state has no time_period 2015 for ref_area CA, category SAPCE2:1; it has 2017 to 2021",
        ),
        (
            ("pce_state_area", "--period", "2019"),
            (
                "model pce_state_area has no column time_period; its columns are ref_area, area_name, "
                "geo_level, geo_fips"
            ),
        ),
        (
            ("pce_state_history", *OLD_DAY),
            "model pce_state_history does not depend on a date; --as-of works for pce_state, ",
        ),
        (
            ("pce_state", "--as-of", "never"),
            "--as-of 'never' is not a date; write year-month-day",
        ),
        (
            ("pce_state", "--where", "geo_level"),
            "--where 'geo_level' is not of the form column=value, such as geo_level=state",
        ),
        (
            ("pce_state", "--csv", "--json"),
            "--csv and --json exclude each other; use one of them",
        ),
        (
            ("pce_state", "--limit", "0"),
            "--limit: it must be a whole number, at least 1, not 0; see `statpipe show --help`",
        ),
        (
            ("--csv",),
            "no model is named; write its name before the options (`statpipe show` lists them)",
        ),
        (
            ("pce_state", "--parquet", "nix/out.parquet"),
            "--parquet nix/out.parquet: the folder nix does not exist; create it first",
        ),
        (("pce_state", "--parquet", "."), "--parquet . is a folder; name a file in it"),
    ],
)
def test_an_impossible_request_is_2_in_one_line(here, arguments, says):
    done = here.run("show", *arguments, code=2)
    (line,) = done.stderr.strip().splitlines()
    assert says in line
    assert line.endswith("(exit 2)")
    assert done.stdout == ""


# --- explain --------------------------------------------------------------------------------------


def test_a_figure_leads_to_the_payload_it_was_read_from(here):
    done = here.run("explain", "pce_state", *CALIFORNIA, "--period", "2018")
    text = done.stdout
    for line in (
        "California, Personal consumption expenditures, 2018\n",
        "value       1,833,872.8\n",
        "status      A: normal value\n",
        (
            "vintage     2022-10-06  Last updated: October 6, 2022-- new statistics for 2021; revised "
            "statistics for 2017-2020.\n"
        ),
        "latest      since 2022-10-06\n",
        "dataset     SAPCE1 of bea_pce_state\n",
        "Silver      silver/bea_pce_state/dataset=SAPCE1/vintage=2022-10-06\n",
        "            read again: 1,833,872.8\n",
        "linecode=1, ",
        "            23 more Bronze objects of this vintage, verified\n",
    ):
        assert line in text
    assert text.count(": verified\n") == 3
    assert table(text)["1,852,976.3"][:3] == ["2020-10-08", "2020-10-08", "2022-10-05"]
    assert table(text)["additivity"][0] == "passed"
    assert done.stderr == ""


def test_as_of_a_day_leads_to_the_older_release(here):
    arguments = ("explain", "pce_state", *CALIFORNIA, "--period", "2018", *OLD_DAY, "--json")
    found = json.loads(here.run(*arguments).stdout)
    assert (found["figure"]["value"], found["figure"]["vintage"]) == ("1852976.3", "2020-10-08")
    assert [one["value"] for one in found["history"]] == ["1852976.3", "1833872.8"]
    assert found["silver"]["verified"] is True
    (holder,) = (one for one in found["bronze"] if one["holds_the_figure"])
    assert (holder["name"], holder["read_again"]) == ("SAEXP1-line-1", "1852976.3")
    assert (here.lake / holder["key"]).is_file()
    assert all(one["verified"] for one in found["bronze"])
    assert found["runs"][0]["versions"]["statpipe-bea"]
    assert {check["vintage"] for check in found["checks"]} == {"2020-10-08"}


@pytest.mark.parametrize("model", ["pce_state_yoy", "pce_state_share", "pce_state_rolling"])
def test_a_derived_figure_is_shown_before_its_source_figure(here, model):
    text = here.run("explain", model, *CALIFORNIA, "--period", "2018").stdout
    under = text.index("The figure under it: California, Personal consumption expenditures, 2018")
    assert text.index("category_name ") < under
    assert "1,833,872.8" in text[:under]


def test_a_figure_is_found_with_its_footnote_if_payloads_are_by_area(here):
    cell = ("--area", "KS", "--category", "SAPCE3:75", "--period", "2021")
    text = here.run("explain", "pce_state", *cell).stdout
    assert (
        "status      N: not significant\nsymbol      (L)\nfootnote    Less than $50,000.\n" in text
    )
    assert "SAPCE3-area-20000-" in text
    assert "read again: no figure\n" in text


def test_a_missing_figure_is_2_in_one_line(here):
    for arguments, says in (
        (
            (*CALIFORNIA, "--period", "2031"),
            "--period 2031: pce_state has no time_period 2031; it has 2015 to 2021",
        ),
        (
            (*CALIFORNIA, "--period", "2018", "--as-of", "2019-01-01"),
            (
                "--as-of 2019-01-01: pce_state has no figure for CA, SAPCE1:1, SAPCE1, 2018 on 2019-01-01: it was first "
                "released on 2020-10-08; use --as-of 2020-10-08 or later"
            ),
        ),
    ):
        done = here.run("explain", "pce_state", *arguments, code=2)
        assert done.stderr == f"statpipe: {says} (exit 2)\n"


@pytest.mark.parametrize("how", ["flipped", "gone"])
def test_a_damaged_payload_is_named_and_is_4(copy, how):
    (path,) = copy.lake.glob("bronze/*/SAPCE1/*/SAPCE1-line-1-*.json.gz")
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-20] + b"\0" * 20)
    key = path.relative_to(copy.lake)
    done = copy.run("explain", "pce_state", *CALIFORNIA, "--period", "2018", code=4)
    (line,) = (one for one in done.stdout.splitlines() if "NOT verified" in one)
    assert f"NOT verified: {key} " in line
    assert "restore it from a backup" in line
    assert "23 more Bronze objects of this vintage, verified" in done.stdout
    assert done.stderr.startswith(f"statpipe: {key} ")
    assert done.stderr.endswith("(exit 4)\n")
    copy.run("explain", "pce_state", *CALIFORNIA, "--period", "2018", *OLD_DAY)


def test_no_credential_is_shown(here):
    for arguments in (
        ("show", "pce_state", *CALIFORNIA, "--debug"),
        ("explain", "pce_state", *CALIFORNIA, "--period", "2018", "--debug"),
        ("explain", "pce_state", *CALIFORNIA, "--period", "2018", "--json"),
    ):
        done = here.run(*arguments)
        assert CANARY not in done.stdout + done.stderr
    assert os.fsencode(CANARY) not in b"".join(body for _, body in here.every_byte())
