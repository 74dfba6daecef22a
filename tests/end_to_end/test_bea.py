"""The main job, on BEA's real figures, with everything that can go wrong on the way."""

import json
import re
import signal
import subprocess
import time
from operator import itemgetter

import pyarrow.parquet as pq
import pytest

from support import bea_faults
from support.processes import processes
from support.removed import remove

CANARY = "C0FFEE00-CAFE-4BAD-8BAD-FEEDFACE0042"
ONE_TABLE = 'tables = ["SAPCE1"]\nyears = [2019, 2020, 2021]\n'


def configured(home, bea, more=ONE_TABLE, sinks="[environments.local.sinks.lake]\n"):
    home.configure(
        f'{sinks}[sources.bea_pce_state]\nchannel = "api"\napi_url = "{bea.url}"\n{more}'
    )
    home.environment["BEA_API_KEY"] = CANARY
    bea.key = CANARY


BOTH = "[environments.local.sinks.lake]\n[environments.local.sinks.postgres]\n"


def test_without_a_key_the_sample_is_loaded_and_announced_as_such(home, sample):
    home.take(sample, database=True)
    lines = (sample / "stderr").read_text().strip().splitlines()
    assert "BUNDLED SAMPLE, not current figures" in lines[0]
    assert lines[-1].startswith("BUNDLED SAMPLE, not current figures")
    assert (sample / "stdout").read_text() == ""

    home.run("db", "start")  # once, and not for each question
    gold = pq.read_table(home.lake / "gold" / "pce_state" / "part-0.parquet")
    (counted,) = home.query(
        "SELECT count(*) AS n, count(value) AS figures, sum(value)::text AS total FROM pce_state"
    )
    assert counted["n"] == len(gold) == 90_790
    assert counted["figures"] == len(gold) - gold["value"].null_count
    (row,) = home.query(
        "SELECT value::text, unit, category_path, vintage FROM pce_state "
        "WHERE ref_area = 'CA' AND category = 'SAPCE1:4' AND year = 2021"
    )
    assert row == {
        "value": "66006.8",
        "unit": "Millions of current dollars",
        "category_path": "Personal consumption expenditures > Goods > Durable goods > Motor vehicles and parts",
        "vintage": "2022-10-06",
    }
    (older,) = home.query(
        "SELECT value::text, vintage FROM pce_state "
        "WHERE ref_area = 'CA' AND category = 'SAPCE1:1' AND year = 2016"
    )
    assert older == {"value": "1667745.6", "vintage": "2020-10-08"}
    missing = home.query(
        "SELECT DISTINCT obs_status, source_symbol, notes FROM pce_state WHERE value IS NULL"
    )
    assert missing == [{"obs_status": "N", "source_symbol": "(L)", "notes": "Less than $50,000."}]
    (run,) = home.query("SELECT outcome, exit_code FROM statpipe.ingest_runs")
    assert run == {"outcome": "loaded", "exit_code": 0}
    (warned,) = home.query(
        "SELECT check_name, dataset, failures FROM statpipe.check_results WHERE NOT passed"
    )
    assert warned == {"check_name": "additivity", "dataset": "SAPCE4", "failures": 20}


def test_lake_and_database_give_the_figures_as_of_a_day(home):
    """BEA's figure for California in 2018, before and after the release of October 2021 revised it."""
    home.configure(f'{BOTH}[sources.bea_pce_state]\ntables = ["SAPCE1"]\n')
    home.run("run", "bea_pce_state")
    cell = "ref_area = 'CA' AND category = 'SAPCE1:1' AND year = 2018"
    days = {
        "2020-10-07": None,
        "2020-10-08": "1852976.3",
        "2021-01-01": "1852976.3",
        "2022-10-05": "1852976.3",
        "2022-10-06": "1833872.8",
    }
    values = ", ".join(
        f"(SELECT value::text FROM pce_state_as_of('{day}') WHERE {cell}) AS \"{day}\""
        for day in days
    )
    assert home.query(f"SELECT {values}") == [days]
    (revision,) = home.query(
        "SELECT old_value::text, new_value::text, difference::text, round(percent::numeric, 4)::text"
        f" AS percent, old_vintage, new_vintage FROM pce_state_revisions WHERE {cell}"
    )
    assert revision == {
        "old_value": "1852976.3",
        "new_value": "1833872.8",
        "difference": "-19103.5",
        "percent": "-1.0310",
        "old_vintage": "2020-10-08",
        "new_vintage": "2022-10-06",
    }
    in_lake = pq.read_table(home.lake / "gold" / "pce_state_history").to_pylist()
    intervals = [
        (str(r["value"].normalize()), str(r["realtime_start"]), str(r["realtime_end"]))
        for r in in_lake
        if (r["ref_area"], r["category"], r["year"]) == ("CA", "SAPCE1:1", 2018)
    ]
    assert sorted(intervals, key=itemgetter(1)) == [
        ("1852976.3", "2020-10-08", "2022-10-05"),
        ("1833872.8", "2022-10-06", "9999-12-31"),
    ]


def test_a_second_run_sends_one_request_per_table_and_writes_nothing(home, bea):
    configured(home, bea, 'tables = ["SAPCE1", "SAPCE2"]\nyears = [2021]\n', BOTH)
    home.run("run", "bea_pce_state")
    before = home.published()
    bronze = len(list((home.lake / "bronze").rglob("*")))
    bea.requests.clear()

    done = home.run("run", "bea_pce_state", "--json")
    (manifest,) = json.loads(done.stdout)
    assert manifest["outcome"] == "unchanged"
    assert len(bea.requests) == 2
    assert home.published() == before
    assert len(list((home.lake / "bronze").rglob("*"))) == bronze
    assert not any(r["inserted"] or r["bytes_written"] for r in manifest["receipts"])


def test_no_canary_reaches_a_file_a_log_a_manifest_or_the_database(home, bea):
    configured(home, bea, sinks=BOTH)
    said = []
    for arguments in (
        ["run", "bea_pce_state", "--debug", "--log-format", "json"],
        ["run", "bea_pce_state", "--full", "--debug"],
        ["plan", "bea_pce_state", "--json"],
        ["doctor", "--json"],
        ["runs", "show", "--json"],
    ):
        done = home.run(*arguments)
        said.append(done.stdout + done.stderr)
    bea.key = "00000000-0000-0000-0000-000000000000"
    refused = home.run("run", "bea_pce_state", "--full", "--debug", code=1)
    said.append(refused.stdout + refused.stderr)
    assert "BEA" in refused.stderr
    said += [
        json.dumps(home.query(f"SELECT * FROM statpipe.{table}"))
        for table in ("ingest_runs", "check_results", "lineage", "dataset_state")
    ]

    assert not [text for text in said if CANARY.lower() in text.lower()]
    for path, body in home.every_byte():
        assert CANARY.encode().lower() not in body.lower(), path
    assert any(b"REDACTED" in body for _, body in home.every_byte())


def test_every_number_can_be_traced_to_its_bytes(home, bea):
    import gzip
    import hashlib

    configured(home, bea)
    home.run("run", "bea_pce_state")
    manifest = json.loads(home.run("runs", "show", "latest", "--json").stdout)
    (record,) = manifest["vintages"]
    assert len(record["bronze"]) == 25
    for kept in record["bronze"]:
        body = gzip.decompress((home.lake / kept["key"]).read_bytes())
        assert hashlib.sha256(body).hexdigest() == kept["sha256"]
    line9 = next(b for b in record["bronze"] if b["name"] == "SAPCE1-line-9")
    assert line9["request"]["LineCode"] == "9"


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_staging_and_prod_never_fall_back_to_the_sample(home, environment):
    home.configure(f'[environments.{environment}.sinks.lake]\npath = "lake"\n')
    done = home.run("run", "bea_pce_state", "--env", environment, code=2)
    assert "BEA_API_KEY is not set" in done.stderr
    assert "https://apps.bea.gov/API/signup/" in done.stderr
    assert not (home.folder / "lake").exists() or not any((home.folder / "lake").rglob("*.gz"))


def test_figures_changed_under_an_unchanged_date_are_a_separate_vintage(home, bea):
    configured(home, bea, sinks=BOTH)
    home.run("run", "bea_pce_state")
    before = home.published()
    bea.change("SAPCE1", "9", "06000", "2021", "1.5")

    home.run("run", "bea_pce_state")
    assert home.published() == before, "a cheap probe sees the headline only"
    home.run("run", "bea_pce_state", "--full")

    after = home.published()
    changed = {path for path in after if after[path] != before.get(path)}
    (today,) = {
        one["day"]
        for one in home.query("SELECT max(realtime_start)::text AS day FROM pce_state_history")
    }
    assert today >= "2026-01-01", "it is dated by the day on which it was first seen"
    assert {path for path in changed if path.startswith("silver")} == {
        f"silver/bea_pce_state/dataset=SAPCE1/vintage={today}/part-0.parquet"
    }
    assert "gold/pce_state/part-0.parquet" in changed
    (row,) = home.query(
        "SELECT value::text, vintage, basis FROM pce_state "
        "WHERE ref_area = 'CA' AND category = 'SAPCE1:9' AND year = 2021"
    )
    assert row == {"value": "1.5", "vintage": today, "basis": "observed"}


@pytest.mark.parametrize(
    "fault",
    [
        "html_page",
        pytest.param("truncated", marks=pytest.mark.slow),
        pytest.param("followed_by_html", marks=pytest.mark.slow),
    ],
)
def test_an_unreadable_answer_is_kept_in_bronze_and_nothing_is_published(home, bea, fault):
    configured(home, bea)
    home.run("run", "bea_pce_state")
    before = home.published()
    bea.date("SAPCE1", "Last updated: October 4, 2023-- comprehensive update.")
    bea.always = getattr(bea_faults, fault)()
    done = home.run("run", "bea_pce_state", "--log-format", "json", code=None)
    assert done.returncode in {4, 5}, done.stderr
    last = [json.loads(line) for line in done.stderr.splitlines()][-1]
    assert "SAPCE1" in last["message"] or "BEA" in last["message"]
    assert home.published() == before
    kept = re.search(r"kept as (bronze/\S+\.gz)", last["message"])
    assert (home.lake / kept[1]).is_file()

    bea.always = None
    home.run("run", "bea_pce_state")
    assert any("vintage=2023-10-04" in path for path in home.published())


def test_payloads_received_before_a_failed_fetch_are_in_the_manifest(home, bea):
    configured(home, bea)
    bea.faults.extend([None] * 6 + [bea_faults.api_error("1", "Invalid API UserId")])
    home.run("run", "bea_pce_state", code=1)
    manifest = json.loads(home.run("runs", "show", "latest", "--json").stdout)
    (record,) = manifest["vintages"]
    assert record["outcome"] == "failed"
    assert len(record["bronze"]) >= 4
    assert all((home.lake / kept["key"]).is_file() for kept in record["bronze"])
    home.run("run", "bea_pce_state")


def test_a_release_without_an_area_is_refused_with_its_cells(home, bea):
    configured(home, bea)
    home.run("run", "bea_pce_state")
    before = home.published()
    bea.date("SAPCE1", "Last updated: October 4, 2023-- comprehensive update.")
    for line in bea.tables["SAPCE1"].figures.values():
        line.pop("48000")

    done = home.run("run", "bea_pce_state", code=3)
    assert "complete" in done.stderr
    assert "TX" in done.stderr
    assert "nothing of this release was published" in done.stderr.strip().splitlines()[-1]
    assert home.published() == before
    manifest = json.loads(home.run("runs", "show", "latest", "--json").stdout)
    assert manifest["outcome"] == "refused"
    assert len(manifest["vintages"][-1]["bronze"]) == 25


def test_a_database_that_refuses_is_one_line_and_the_next_run_completes(home, bea):
    sinks = "[environments.local.sinks.lake]\n[environments.local.sinks.postgres]\n"
    configured(home, bea, sinks=sinks + 'dsn = "${A_DATABASE}"\n')
    home.environment["A_DATABASE"] = "host=127.0.0.1 port=9 user=x password=hunter2-canary dbname=x"
    done = home.run("run", "bea_pce_state", code=5)
    last = done.stderr.strip().splitlines()[-1]
    assert "127.0.0.1" in last
    assert "hunter2-canary" not in done.stderr
    assert "Traceback" not in done.stderr

    configured(home, bea, sinks=BOTH)
    again = home.run("run", "bea_pce_state")
    assert "nothing has changed" in again.stderr
    (counted,) = home.query("SELECT count(*) AS n FROM pce_state")
    assert counted["n"] == 24 * 60 * 3


def test_an_unwritable_lake_is_one_line(home, bea):
    configured(home, bea)
    (home.folder / ".statpipe").write_text("in the way")
    done = home.run("run", "bea_pce_state", code=None)
    assert done.returncode in {2, 5}
    assert ".statpipe" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    (home.folder / ".statpipe").unlink()
    home.run("run", "bea_pce_state")


def test_each_stage_can_run_alone_from_the_lake(home, bea):
    configured(home, bea, sinks=BOTH)
    home.run("ingest", "bea_pce_state")
    assert home.published() == {}
    home.environment.pop("BEA_API_KEY")
    bea.requests.clear()
    home.run("transform", "bea_pce_state")
    assert len([path for path in home.published() if path.startswith("silver")]) == 1
    assert home.query("SELECT to_regclass('gold.pce_state') AS t") == [{"t": None}]
    home.run("load", "bea_pce_state")
    (counted,) = home.query("SELECT count(*) AS n FROM pce_state")
    assert counted["n"] == 24 * 60 * 3
    assert bea.requests == []


@pytest.mark.slow
def test_a_dropped_database_is_filled_again(home, bea):
    configured(home, bea, sinks=BOTH)
    home.run("run", "bea_pce_state")

    home.run("db", "stop")
    remove(home.folder / ".statpipe" / "postgres")
    home.run("run", "bea_pce_state")
    (counted,) = home.query("SELECT count(*) AS n FROM pce_state")
    assert counted["n"] == 24 * 60 * 3


def test_a_smoke_run_leaves_nothing(home, bea):
    configured(home, bea, sinks=BOTH)
    bea.requests.clear()
    done = home.run("smoke", "bea_pce_state")
    assert "works" in done.stderr
    assert len(bea.requests) <= 3
    assert not list(home.lake.rglob("*.parquet"))
    assert home.query(
        "SELECT count(*) AS n FROM information_schema.schemata WHERE schema_name LIKE '%smoke%'"
    ) == [{"n": 0}]


def test_additional_years_join_the_same_vintage(home, bea):
    configured(home, bea, 'tables = ["SAPCE1"]\nyears = [2021]\n')
    home.run("run", "bea_pce_state")
    configured(home, bea, 'tables = ["SAPCE1"]\nyears = [2020]\n')
    home.run("run", "bea_pce_state")
    path = "silver/bea_pce_state/dataset=SAPCE1/vintage=2022-10-06/part-0.parquet"
    table = pq.read_table(home.lake / path)
    assert set(table["time_period"].to_pylist()) == {"2020", "2021"}
    assert len([path for path in home.published() if path.startswith("silver")]) == 1


@pytest.mark.parametrize(
    "moments", [pytest.param(number, marks=pytest.mark.slow) for number in (2, 12)]
)
def test_a_run_after_sigkill_gives_the_bytes_of_an_undisturbed_run(home, bea, moments):
    """Moments spread over the run, PostgreSQL included."""
    configured(home, bea, sinks=BOTH)
    began = time.monotonic()
    home.run("run", "bea_pce_state")
    took = time.monotonic() - began
    undisturbed = home.published()
    rows = home.query("SELECT * FROM pce_state ORDER BY category, ref_area, time_period")
    home.run("db", "stop")

    for moment in range(1, moments + 1):
        remove(home.folder / ".statpipe")
        process = subprocess.Popen(
            home.command("run", "bea_pce_state"),
            cwd=home.folder,
            env=home.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(took * moment / (moments + 1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        home.run("run", "bea_pce_state")
        assert home.published() == undisturbed
        assert (
            home.query("SELECT * FROM pce_state ORDER BY category, ref_area, time_period") == rows
        )
        home.run("db", "stop")
    assert not left_over(home)


def left_over(home):
    """Processes that still work in the folder."""
    return processes(lambda one: str(home.folder) in str((one / "cwd").readlink()))
