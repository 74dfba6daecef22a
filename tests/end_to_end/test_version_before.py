"""Today's version goes on with the configuration, the lake and the database of an older one.

`scripts/make_home_before.py` makes them with the older version, and says what is in them.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import zipfile
from decimal import Decimal

import psycopg
import pytest

from statpipe_postgres.binaries import find_binaries

from .conftest import DATA, new_home

VERSIONS = sorted((DATA / "before").glob("*.zip"))
THEIR_VIEWS = ("california", "areas", "revised", "believed")
THEIR_RIGHTS = """
    SELECT c.relname, a.attname, coalesce(a.attacl, c.relacl)::text
    FROM pg_class AS c LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
    WHERE concat(c.relacl, a.attacl) ~ 'analyst|auditor' ORDER BY c.relname, a.attname
"""
THEIR_INDEX = "SELECT indexdef FROM pg_indexes WHERE indexname = 'of_the_desk'"
HISTORY = (
    "ref_area, category, time_period, dataset, freq, period_start, year, realtime_start, realtime_end, "
    "value, unit, unit_mult, obs_status, source_symbol, notes, vintage"
)
"""What was a column of every older version."""
FIGURES = ("value", "old_value", "new_value", "difference")
RUNS = "SELECT run_id, outcome, exit_code, message FROM statpipe.ingest_runs ORDER BY run_id"


class Upgraded:
    """A user's folder, before and after today's version runs in it."""

    def __init__(self, home, address):
        self.home, self.address = home, address
        self.before = self.database()

    def run(self, *arguments):
        return self.home.run(*arguments).stdout

    def database(self):
        """What people find in the database, whoever they are."""
        with psycopg.connect(self.address) as connection:

            def ask(query):
                return connection.execute(query).fetchall()

            found = {
                "history": sorted(map(alike, ask(f"SELECT {HISTORY} FROM gold.pce_state_history"))),
                "rights": ask(THEIR_RIGHTS),
                "index": ask(THEIR_INDEX),
                "comment": ask("SELECT obj_description('desk.california'::regclass)"),
                "runs": ask(RUNS),
            }
            connection.execute("SET ROLE analyst")
            for view in THEIR_VIEWS:
                found[view] = sorted(map(alike, ask(f"SELECT * FROM desk.{view}")))
            connection.execute("SET ROLE auditor")
            found["auditor"] = sorted(ask("SELECT ref_area, value FROM gold.pce_state"))
        return found


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda path: path.stem)
def upgraded(request, tmp_path_factory):
    with new_home(tmp_path_factory.mktemp("before")) as home:
        with zipfile.ZipFile(request.param) as packed:
            packed.extractall(home.folder)
        address = home.run("db", "start").stdout.strip()
        psql = [find_binaries() / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", "database.sql"]
        subprocess.run([*psql, address], cwd=home.folder, capture_output=True, check=True)
        made = Upgraded(home, address)
        made.first, made.second = (
            json.loads(made.run("run", "bea_pce_state", "--json"))[0] for _ in range(2)
        )
        yield made


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def within(now, before):
    """Today's rows with the columns that there were, and figures as that version wrote them."""
    return [
        {name: without_zeros(row[name]) if name in FIGURES else row[name] for name in was}
        for row, was in zip(now, before, strict=True)
    ]


def without_zeros(figure):
    """Older versions did not keep how many places are printed: 391059.0 was 391059."""
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


def alike(row):
    """A row of the database, in which 391059.0 and 391059 are the same."""
    return repr(tuple(one.normalize() if isinstance(one, Decimal) else one for one in row))


def test_the_first_run_publishes_what_it_must_rebuild_and_the_second_nothing(upgraded):
    assert (upgraded.first["outcome"], upgraded.first["exit_code"]) == ("loaded", 0)
    assert (upgraded.second["outcome"], upgraded.second["exit_code"]) == ("unchanged", 0)
    assert {v["vintage"] for v in upgraded.first["vintages"] if v["outcome"] == "loaded"} == {
        "2020-10-08",
        "2022-10-06",
        "2022-10-06.02",
        "2022-10-06.03",
        "2023-10-04",
    }
    assert not any(vintage["revision"] for vintage in upgraded.first["vintages"])


def test_accepted_revisions_stay_accepted(upgraded):
    accepted = [(c["check"], c["vintage"]) for c in upgraded.first["checks"] if c["accepted"]]
    assert accepted == [("row_count", "2023-10-04")]


def test_the_figures_as_of_any_day_equal_those_of_the_older_version(upgraded):
    compared = []
    for path in sorted((upgraded.home.folder / "answers").iterdir()):
        model, _, day = path.stem.partition(" as of ")
        before = rows(path.read_text())
        chosen = ("--as-of", day) if day else ()
        now = rows(upgraded.run("show", model, *chosen, "--csv"))
        assert within(now, before) == before, path.stem
        compared.append(len(before))
    assert len(compared) == 5
    assert all(compared)


def test_the_database_has_the_same_figures(upgraded):
    shown = "ref_area, category, time_period, trim_scale(value)::text AS value, vintage"
    for path in sorted((upgraded.home.folder / "answers").glob("* as of *")):
        before = rows(path.read_text())
        day = path.stem[-len("2021-01-01") :]
        now = upgraded.home.query(f"SELECT {shown} FROM pce_state_as_of('{day}') ORDER BY 1, 2, 3")
        assert now == sorted(
            ({name: row[name] for name in now[0]} for row in before),
            key=lambda row: [*row.values()],
        )


def test_other_peoples_objects_in_the_database_are_unchanged(upgraded):
    before, now = upgraded.before, upgraded.database()
    assert all(before.values())
    earlier = {run[0] for run in before["runs"]}
    now["runs"] = [run for run in now["runs"] if run[0] in earlier]
    assert now == before


def test_the_other_sinks_equal_the_lake(upgraded):
    (manifest,) = json.loads(upgraded.run("load", "bea_pce_state", "--verify", "--json"))
    assert manifest["outcome"] == "unchanged"


def test_a_figure_leads_back_to_the_payload_that_the_older_version_fetched(upgraded):
    for day in ("2021-01-01", "2023-10-04"):
        cell = ("--area", "CA", "--category", "SAPCE1:1", "--period", "2018", "--as-of", day)
        found = json.loads(upgraded.run("explain", "pce_state", *cell, "--json"))
        assert found["silver"]["verified"]
        assert all(kept["verified"] for kept in found["bronze"])
        (holder,) = (kept for kept in found["bronze"] if kept["holds_the_figure"])
        assert holder["read_again"] == found["figure"]["value"]


def test_figures_are_shown_as_printed_at_the_time(upgraded):
    cell = ("--area", "CA", "--category", "SAPCE1:10", "--period", "2019", "--as-of", "2021-01-01")
    (shown,) = rows(upgraded.run("show", "pce_state", *cell, "--csv"))
    assert (shown["value"], shown["decimals"]) == ("60279.0", "1")
    (held,) = upgraded.home.query(
        "SELECT value::text FROM pce_state_as_of('2021-01-01') WHERE ref_area = 'CA' "
        "AND category = 'SAPCE1:10' AND time_period = '2019'"
    )
    assert held["value"] == "60279.0"


def test_every_run_of_the_older_version_is_listed(upgraded):
    listed = json.loads(upgraded.run("runs", "list", "--json", "--limit", "99"))
    assert {run[0] for run in upgraded.before["runs"]} <= {run["run_id"] for run in listed}
    refused = [run["run_id"] for run in listed if run["outcome"] == "refused"]
    assert len(refused) == 2
    assert "plausible_revision" in upgraded.run("runs", "show", refused[0], "--json")


def test_the_lake_is_intact(upgraded):
    upgraded.run("lake", "verify", "--json")
