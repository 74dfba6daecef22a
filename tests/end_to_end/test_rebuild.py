"""PostgreSQL can be lost: the lake has it all."""

import json

import psycopg
import pytest

RELATIONS = (
    "gold.pce_state_category",
    "gold.pce_state_area",
    "gold.pce_state_history",
    "gold.pce_state",
    "gold.pce_state_revisions",
    "gold.pce_state_yoy",
    "gold.pce_state_rank",
    "statpipe.ingest_runs",
    "statpipe.check_results",
    "statpipe.lineage",
)
SETTINGS = """
[environments.local.sinks.lake]
[environments.local.sinks.postgres]
[sources.bea_pce_state]
tables = ["SAPCE1"]
areas = ["US", "CA", "NY"]
"""


def contents(address):
    with psycopg.connect(address) as connection:
        return {
            relation: sorted(map(repr, connection.execute(f"SELECT * FROM {relation}").fetchall()))
            for relation in RELATIONS
        }


def test_dropped_schemas_are_rebuilt_equal_from_the_lake(home):
    home.configure(SETTINGS)
    home.run("run", "bea_pce_state")
    home.run("run", "bea_pce_state", "--full")
    address = home.run("db", "start").stdout.strip()
    before = contents(address)
    assert all(before.values())
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA gold, statpipe CASCADE")
    manifests = json.loads(home.run("load", "--rebuild", "--json").stdout)
    after = contents(address)
    # The loads, one for each source, are runs as well.
    loads = [manifest["run_id"] for manifest in manifests]
    after["statpipe.ingest_runs"] = [
        row for row in after["statpipe.ingest_runs"] if not any(load in row for load in loads)
    ]
    assert after == before


@pytest.mark.slow
def test_a_load_without_changes_says_that_it_wrote_nothing(home):
    home.configure(SETTINGS)
    home.run("run", "bea_pce_state")
    (manifest,) = json.loads(home.run("load", "bea_pce_state", "--json").stdout)
    assert manifest["outcome"] == "unchanged"
    receipts = {r["path"]: r for r in manifest["receipts"]}
    assert receipts["gold/pce_state_history"]["rows"] > 0
    for receipt in receipts.values():
        written = ("inserted", "updated", "deleted", "bytes_written", "wal_bytes")
        assert [receipt[name] for name in written] == [0] * 5
