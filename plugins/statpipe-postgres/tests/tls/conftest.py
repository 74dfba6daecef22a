"""One PostgreSQL that speaks TLS for the whole folder, as a service such as RDS sets it up."""

from __future__ import annotations

import itertools

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from support.tls_postgres import Authority, TlsServer

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _no_defaults_of_ours(monkeypatch, tmp_path_factory):
    for name in ("PGSSLMODE", "PGSSLROOTCERT", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    # Neither a file of AWS's nor libpq's default CA of whoever runs the tests.
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """An authority that the server's certificate is not of."""
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory, authority):
    running = TlsServer(tmp_path_factory.mktemp("tls") / "postgres", authority)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def dsn(tls_server, authority):
    """The address, as through a tunnel, of an empty database; it says nothing of TLS."""
    name = f"test_{next(_numbers)}"
    whole = {"sslmode": "verify-full", "sslrootcert": str(authority.bundle)}
    with psycopg.connect(tls_server.address(**whole), autocommit=True) as master:
        master.execute(f"CREATE DATABASE {name}")
    return tls_server.address(dbname=name)


@pytest.fixture
def admin(dsn, authority):
    """A connection beside the sink's own."""
    whole = make_conninfo(dsn, sslmode="verify-full", sslrootcert=str(authority.bundle))
    with psycopg.connect(whole, autocommit=True) as connection:
        yield connection


@pytest.fixture
def ca(authority):
    return str(authority.bundle)
