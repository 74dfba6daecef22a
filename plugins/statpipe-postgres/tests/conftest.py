"""One real embedded server for the whole folder, and a new database in it for each test."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import make_conninfo

from statpipe.api import (
    BronzeObject,
    CheckResult,
    Column,
    Environment,
    Layer,
    Manifest,
    Model,
    Partition,
    PartitionKey,
    Secret,
    VintageRecord,
)
from statpipe_postgres.embedded import EmbeddedPostgres
from statpipe_postgres.plugin import make_postgres
from statpipe_postgres.settings import PostgresSettings

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _no_address_of_ours(monkeypatch):
    for name in ("STATPIPE_PG", "PGPASSWORD", "PGHOST", "PGPASSFILE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A cluster that is made once and copied by the tests that need one of their own."""
    root = tmp_path_factory.mktemp("cluster") / "postgres"
    server = EmbeddedPostgres(root)
    server.start()
    server.close()
    return root


@pytest.fixture
def empty(tmp_path):
    """The place of a server that was never started."""
    yield tmp_path / "postgres"
    # Forty megabytes each: not worth keeping.
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def root(cluster, empty):
    """The folder of a server that was started before and is not up."""
    subprocess.run(["cp", "-a", str(cluster), str(empty)], check=True)
    return empty


@pytest.fixture(scope="session")
def server(cluster, tmp_path_factory):
    root = tmp_path_factory.mktemp("server") / "postgres"
    subprocess.run(["cp", "-a", str(cluster), str(root)], check=True)
    with (root / "pgdata" / "postgresql.conf").open("a") as settings:
        # No test takes the power away, and a database a test is a lot to wait for.
        settings.write("fsync = off\nfull_page_writes = off\n")
    running = EmbeddedPostgres(root)
    running.start()
    yield running
    running.close()


@pytest.fixture
def dsn(server):
    """The address, with password, of an empty database."""
    name = f"test_{next(_numbers)}"
    address = make_conninfo(server.conninfo, password=server.password)
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    return make_conninfo(address, dbname=name)


@pytest.fixture
def admin(dsn):
    """A connection beside the sink's own."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def make_sink(dsn, tmp_path):
    made = []

    def make(*, scratch=None, address=dsn, **settings):
        environment = Environment(name="staging", home=tmp_path, scratch=scratch)
        sink = make_postgres(
            PostgresSettings(dsn=Secret(address), environment=environment, **settings)
        )
        made.append(sink)
        return sink

    yield make
    for sink in made:
        sink.close()


@pytest.fixture
def sink(make_sink):
    return make_sink()


COLUMNS = (
    Column(name="area", type="text", nullable=False, description="Area of the figure"),
    Column(name="year", type="integer", nullable=False, description="Year of the figure"),
    Column(name="value", type="decimal", description="Spending", unit="million USD"),
    Column(name="note", type="text", description="Text of the footnotes"),
    Column(name="growth", type="double", description="Change on the year before", unit="percent"),
    Column(name="released", type="date", description="Day of the release"),
)


@pytest.fixture
def model():
    return Model(
        name="spending",
        title="Spending by area and year",
        inputs=("agency",),
        grain=("area", "year"),
        columns=COLUMNS,
        sql="SELECT 1",
    )


@pytest.fixture
def table_of():
    """Make a table from tuples (area, year, value, note, growth)."""

    def make(*rows):
        areas, years, values, notes, growths = zip(*rows, strict=True) if rows else ([],) * 5
        return pa.table(
            {
                "area": pa.array(areas, pa.string()).dictionary_encode(),
                "year": pa.array(years, pa.int32()),
                "value": pa.array(
                    [None if v is None else Decimal(v) for v in values], pa.decimal128(38, 18)
                ),
                "note": pa.array(notes, pa.string()),
                "growth": pa.array(growths, pa.float64()),
                "released": pa.array([date(2023, 10, 4)] * len(areas), pa.date32()),
            }
        )

    return make


@pytest.fixture
def three_rows(table_of):
    return table_of(
        ("CA", 2022, "1852976.3", None, 5.5),
        ("CA", 2023, "0.1", "", None),
        ("NY", 2023, None, "(D)", -0.25),
    )


@pytest.fixture
def partition(model):
    def make(table, fingerprint="first", *, of=model):
        key = PartitionKey(layer=Layer.GOLD, owner=of.name)
        return Partition(key=key, table=table, fingerprint=fingerprint, model=of)

    return make


@pytest.fixture
def key(model):
    return PartitionKey(layer=Layer.GOLD, owner=model.name)


@pytest.fixture
def manifest():
    moment = datetime(2026, 10, 6, 14, 15, tzinfo=UTC)
    bronze = BronzeObject(
        key="bronze/agency/T1/2026-10-06/T1-ab.json.gz",
        name="T1",
        sha256="ab" * 32,
        size=3,
        media_type="application/json",
        request={"url": "https://api.example.org/data", "table": "T1"},
        retrieved=moment,
    )
    return Manifest(
        run_id="20261006T141500000000Z-0000",
        source="agency",
        environment="staging",
        command="run agency",
        started=moment,
        finished=moment,
        outcome="loaded",
        exit_code=0,
        notice="A sample",
        vintages=(
            VintageRecord(
                dataset="T1", vintage="2023-10-04", note="", outcome="loaded", bronze=(bronze,)
            ),
        ),
        checks=(
            CheckResult(
                check="complete",
                dataset="T1",
                vintage="2023-10-04",
                severity="warning",
                passed=False,
                message="one cell is missing",
                failures=1,
                cells=({"ref_area": "CA", "obs_value": None},),
            ),
        ),
        versions={"statpipe": "0.1"},
    )


_CLIENT = """
import sys
from pathlib import Path
from statpipe_postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print("up", flush=True)
sys.stdin.read()
server.close()
"""


@pytest.fixture
def client():
    """Start processes that use the server of a folder until their standard input is closed."""
    started = []

    def start(root: Path, *prefix: str):
        process = subprocess.Popen(
            [*prefix, sys.executable, "-c", _CLIENT, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.fixture
def eventually():
    """Wait until something is true, for ten seconds at most."""

    def wait(true):
        give_up = time.monotonic() + 100
        while not true():
            assert time.monotonic() < give_up, "it never came true"
            time.sleep(0.02)

    return wait
