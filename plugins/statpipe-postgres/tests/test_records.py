"""The record of runs, the scratch corner, and who makes the schemas."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import threading
from datetime import UTC, datetime

import attrs
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from statpipe.api import ConfigError, StatpipeError


def schemas(admin):
    found = admin.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^public$'"
        " ORDER BY 1"
    )
    return [name for (name,) in found]


def test_a_run_its_checks_and_its_lineage_are_recorded(sink, admin, manifest):
    sink.record(manifest)
    run = admin.execute(
        "SELECT run_id, source, environment, command, outcome, exit_code, notice, versions, started"
        " FROM statpipe.ingest_runs"
    ).fetchall()
    assert run == [
        (
            manifest.run_id,
            "agency",
            "staging",
            "run agency",
            "loaded",
            0,
            "A sample",
            {"statpipe": "0.1"},
            datetime(2026, 10, 6, 14, 15, tzinfo=UTC),
        )
    ]
    check = admin.execute(
        "SELECT check_name, dataset, vintage, severity, passed, failures, cells"
        " FROM statpipe.check_results"
    ).fetchall()
    cells = [{"ref_area": "CA", "obs_value": None}]
    assert check == [("complete", "T1", "2023-10-04", "warning", False, 1, cells)]
    lineage = admin.execute(
        "SELECT source, dataset, vintage, bronze_key, sha256, request->>'table', retrieved"
        " FROM statpipe.lineage"
    ).fetchall()
    assert lineage == [
        (
            "agency",
            "T1",
            "2023-10-04",
            "bronze/agency/T1/2026-10-06/T1-ab.json.gz",
            "ab" * 32,
            "T1",
            datetime(2026, 10, 6, 14, 15, tzinfo=UTC),
        )
    ]


def test_recording_twice_equals_recording_once(sink, admin, manifest):
    sink.record(manifest)
    sink.record(attrs.evolve(manifest, message="once more"))
    for table in ("ingest_runs", "check_results", "lineage"):
        assert admin.execute(f"SELECT count(*) FROM statpipe.{table}").fetchone() == (1,)
    assert admin.execute("SELECT message FROM statpipe.ingest_runs").fetchone() == ("once more",)


def test_the_record_is_repaired_from_the_lakes_runs(sink, admin, manifest):
    other = attrs.evolve(manifest, run_id="other", source="another")
    killed = attrs.evolve(manifest, run_id="killed")
    missed = attrs.evolve(manifest, run_id="missed", message="while the database was down")
    for one in (manifest, killed, other):
        sink.record(one)
    known = {manifest.run_id: manifest, "missed": missed, "damaged": None}
    asked = []
    for _ in range(2):
        sink.match_records("agency", list(known), lambda run: asked.append(run) or known[run])
        for table in ("ingest_runs", "check_results", "lineage"):
            rows = admin.execute(f"SELECT run_id FROM statpipe.{table} ORDER BY 1").fetchall()
            assert [run for (run,) in rows] == [manifest.run_id, "missed", "other"]
    # What is recorded is not read again.
    assert asked == ["missed", "damaged", "damaged"]


def test_every_table_and_column_of_the_record_has_a_comment(sink, admin, manifest):
    sink.record(manifest)
    silent = admin.execute(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'statpipe'::regnamespace AND c.relkind = 'r' AND a.attnum > 0"
        " AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"
    ).fetchall()
    assert silent == []


def test_parallel_creation_of_the_schemas_does_not_fail(make_sink, admin, manifest):
    sinks = [make_sink() for _ in range(4)]
    failures = []

    def work(number, sink):
        try:
            sink.record(attrs.evolve(manifest, run_id=f"run-{number}"))
        except StatpipeError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(sinks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert admin.execute("SELECT count(*) FROM statpipe.ingest_runs").fetchone() == (4,)


def test_a_smoke_run_has_its_own_schemas_and_removes_them(
    make_sink, admin, partition, three_rows, manifest, key
):
    real = make_sink()
    real.write(partition(three_rows))
    smoke = make_sink(scratch="Smoke-1")
    assert smoke.fingerprint(key) is None
    smoke.write(partition(three_rows, "smoke"))
    smoke.record(manifest)
    assert schemas(admin) == ["gold", "gold_smoke_1", "statpipe", "statpipe_smoke_1"]
    assert smoke.query("SELECT count(*) FROM spending").rows == [(3,)]
    smoke.remove_scratch()
    assert schemas(admin) == ["gold", "statpipe"]
    assert real.fingerprint(key) == "first"
    smoke.remove_scratch()


def test_nothing_is_removed_outside_a_smoke_run(sink, admin, partition, three_rows):
    sink.write(partition(three_rows))
    sink.remove_scratch()
    assert schemas(admin) == ["gold", "statpipe"]


def test_a_schema_that_only_looks_like_a_scratch_corner_is_neither_used_nor_dropped(
    make_sink, admin, partition, three_rows
):
    admin.execute("CREATE SCHEMA gold_archive; CREATE TABLE gold_archive.precious ()")
    smoke = make_sink(scratch="archive")
    with pytest.raises(ConfigError, match=r"schema gold_archive is not a scratch schema"):
        smoke.write(partition(three_rows))
    smoke.remove_scratch()
    assert "gold_archive" in schemas(admin)


def test_the_longest_names_stay_distinct(make_sink, admin, partition, three_rows):
    smoke = make_sink(scratch="s" * 70 + "1", gold_schema="g" * 63, operations_schema="o" * 63)
    smoke.write(partition(three_rows))
    assert [len(name) for name in schemas(admin)] == [63, 63]
    smoke.remove_scratch()
    assert schemas(admin) == []


def test_a_role_that_cannot_create_schemas_can_use_existing_ones(
    make_sink, admin, dsn, partition, three_rows, manifest
):
    make_sink().record(manifest)
    admin.execute("DROP SCHEMA gold")
    name = admin.info.dbname
    admin.execute(f"CREATE ROLE loader_{name} LOGIN PASSWORD 'canary-pw'")
    address = make_conninfo(dsn, user=f"loader_{name}", password="canary-pw")
    loader = make_sink(address=address)
    with pytest.raises(ConfigError) as caught:
        loader.write(partition(three_rows))
    assert f"GRANT CREATE ON DATABASE {name} to the role loader_{name}" in str(caught.value)
    admin.execute(f"CREATE SCHEMA gold AUTHORIZATION loader_{name}")
    with pytest.raises(ConfigError) as caught:
        loader.write(partition(three_rows))
    assert f"GRANT USAGE, CREATE ON SCHEMA statpipe to the role loader_{name}" in str(caught.value)
    admin.execute(
        f"GRANT USAGE ON SCHEMA statpipe TO loader_{name};"
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA statpipe TO loader_{name}"
    )
    assert loader.write(partition(three_rows)).inserted == 3
    loader.record(attrs.evolve(manifest, run_id="second"))
    found = [d for d in loader.diagnose() if d.state != "ok"]
    assert [d.finding for d in found] == [
        f"role loader_{name} may not create tables in schema statpipe"
    ]
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM gold.spending").fetchone() == (3,)
