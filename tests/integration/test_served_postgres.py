"""The whole way into a PostgreSQL that somebody else serves, over TCP with a password.

STATPIPE_TEST_PG names the server, as in CI: a connection string of somebody who may create databases.
Without it, an embedded one is served to the test over its socket.
"""

from __future__ import annotations

import importlib
import os
import secrets

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from statpipe.engine.runs.run import run_sources
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import open_site
from statpipe.engine.stages.options import Options
from statpipe_postgres.embedded import EmbeddedPostgres
from support.tea import DATASETS, SOURCE, TeaAgency, TeaPlugin, family, prices


@pytest.fixture
def server(tmp_path):
    """The address of a server, with the right to make databases."""
    if served := os.environ.get("STATPIPE_TEST_PG"):
        yield served
        return
    embedded = EmbeddedPostgres(tmp_path / "served")
    embedded.start()
    yield make_conninfo(embedded.conninfo, password=embedded.password)
    embedded.close()


@pytest.fixture
def dsn(server):
    """The address of an empty database."""
    name = f"statpipe_test_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(server, dbname=name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def run(tmp_path, dsn):
    """Run the agency's source into the server."""
    agency = TeaAgency()

    def once(day=None, start=1):
        for name in DATASETS if day else ():
            agency.publish(name, day, prices(start))
        registry = Registry([("tea", "statpipe-tea", "1", TeaPlugin(lambda: agency, family()))])
        for plugin in ("lake", "postgres"):
            module = importlib.import_module(f"statpipe_{plugin}.plugin")
            registry.register(plugin, f"statpipe-{plugin}", "1", module)
        sinks = {"lake": {"path": str(tmp_path / "lake")}, "postgres": {"dsn": "${SERVED}"}}
        configuration = Configuration(
            path=None,
            home=tmp_path,
            document={"environments": {"staging": {"sinks": sinks}}},
            variables={"SERVED": dsn},
        )
        site = open_site(configuration, registry, "staging")
        try:
            (manifest,) = run_sources(site, [SOURCE], Options())
        finally:
            site.close()
        return manifest

    return once


def test_releases_arrive_with_their_history_and_an_unchanged_run_writes_nothing(run, dsn):
    assert run("2024-03-01").outcome == "loaded"
    assert run("2024-04-01", 50).outcome == "loaded"
    assert run().outcome == "unchanged"
    with psycopg.connect(dsn) as reader:
        counts = [
            reader.execute(f"SELECT count(*) FROM gold.{relation}").fetchone()[0]
            for relation in ("tea", "tea_history", "tea_as_of('2024-03-15')")
        ]
        outcomes = reader.execute(
            "SELECT outcome FROM statpipe.ingest_runs ORDER BY started"
        ).fetchall()
    assert counts == [16, 32, 16]
    assert outcomes == [("loaded",), ("loaded",), ("unchanged",)]
