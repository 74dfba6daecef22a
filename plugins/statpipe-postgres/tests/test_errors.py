"""Errors by what the reader does next; no password in any of them."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import logging
import traceback

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from statpipe.api import ConfigError, ContentError, Environment, Secret, Unavailable
from statpipe_postgres.address import Address, served_address
from statpipe_postgres.errors import readable
from statpipe_postgres.plugin import make_postgres, statpipe_sinks
from statpipe_postgres.settings import PostgresSettings

CANARY = "canary:p@ss/wörd"


@pytest.fixture
def address():
    return Address({"host": "db.example.org", "dbname": "figures", "user": "loader"})


def error_of(state, message="it said so"):
    class Made(psycopg.errors.lookup(state)):
        @property
        def diag(self):
            return type("Diag", (), {"message_primary": message, "message_detail": None})()

    return Made(message)


@pytest.mark.parametrize(
    ("state", "kind", "remedy"),
    [
        ("53100", Unavailable, "its disk is full; free some space there and run again"),
        ("53300", Unavailable, "raise max_connections, and run again"),
        ("25006", Unavailable, "point the dsn at the primary"),
        ("55P03", Unavailable, "another session holds the lock"),
        ("57P01", Unavailable, "it is shutting down; run again when it is back"),
        ("57014", Unavailable, "raise reply_timeout of the sink postgres"),
        ("40P01", Unavailable, "run again"),
        ("08006", Unavailable, "run again when it is back"),
        ("58030", Unavailable, "run again when it is back"),
        ("28P01", ConfigError, "correct the password in the dsn"),
        ("28000", ConfigError, "allow it on the server (pg_hba.conf)"),
        ("3D000", ConfigError, "create the database, or correct its name in the dsn"),
        ("23505", ContentError, "the rows violate the grain"),
    ],
)
def test_every_known_error_says_what_where_and_what_to_do(address, state, kind, remedy):
    error = readable(error_of(state), address, "loading gold.t")
    assert type(error) is kind
    start = "PostgreSQL at db.example.org, database figures, loading gold.t: it said so; "
    assert str(error).startswith(start)
    assert remedy in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        (
            "permission denied for schema gold",
            "GRANT USAGE, CREATE ON SCHEMA gold to the role loader",
        ),
        ("permission denied for database figures", "GRANT CREATE ON DATABASE figures to the role"),
        ("permission denied for table t", "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE t to the"),
        ("must be owner of table t", "make the role loader the owner of t"),
        ("something else", "grant the role loader the missing rights"),
    ],
)
def test_a_missing_privilege_is_named(address, said, remedy):
    error = readable(error_of("42501", said), address, "loading gold.t")
    assert type(error) is ConfigError
    assert remedy in str(error)


def test_an_unknown_error_stays_a_bug(address):
    assert readable(error_of("42601"), address, "loading gold.t") is None


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        ({"password": CANARY}, ConfigError, "correct the password in the dsn"),
        ({"dbname": "nowhere"}, ConfigError, "create the database, or correct its name"),
        ({"port": "1"}, Unavailable, "check that it is up and reachable"),
        ({"host": "127.0.0.1", "port": "1"}, Unavailable, "Connection refused"),
        ({"host": "no-such-host.invalid"}, Unavailable, "check that it is up and reachable"),
    ],
)
def test_a_failed_connection_has_a_reason(make_sink, dsn, key, change, kind, text):
    sink = make_sink(address=make_conninfo(dsn, **change))
    with pytest.raises(kind) as caught:
        sink.fingerprint(key)
    assert type(caught.value) is kind
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_without_free_connections_is_unavailable(make_sink, dsn, admin, key):
    admin.execute(f"ALTER DATABASE {admin.info.dbname} CONNECTION LIMIT 0")
    name = f"poor_{admin.info.dbname}"
    admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pw'")
    sink = make_sink(address=make_conninfo(dsn, user=name, password="pw"))
    with pytest.raises(Unavailable, match="it has no connection left; close some"):
        sink.fingerprint(key)


def test_a_read_only_database_is_unavailable(make_sink, admin, partition, three_rows, key):
    make_sink().write(partition(three_rows))
    admin.execute(f"ALTER DATABASE {admin.info.dbname} SET default_transaction_read_only = on")
    sink = make_sink()
    assert sink.fingerprint(key) == "first"
    assert sink.query("SELECT count(*) FROM spending").rows == [(3,)]
    with pytest.raises(Unavailable, match=r"it is read-only, .*point the dsn at the primary"):
        sink.write(partition(three_rows, "second"))


def test_a_lost_connection_is_reopened(sink, admin, partition, three_rows, key):
    sink.write(partition(three_rows))
    admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'statpipe' AND datname = current_database()"
    )
    with pytest.raises(Unavailable, match=r"terminating connection|closed the connection"):
        sink.fingerprint(key)
    assert sink.fingerprint(key) == "first"


@pytest.mark.parametrize(
    "dsn_text",
    [
        f"postgresql//u:{CANARY}@h/d",
        f"host=h password='{CANARY}",
        f"nonsense {CANARY}",
        "",
        "postgresql://u:canary@canary@host/d",
        "postgresql://u:can/ary@host/d",
        "postgresql://u:can?@canary@host/d",
        "postgresql://user:canary",
    ],
)
def test_an_invalid_address_is_not_quoted(tmp_path, dsn_text):
    environment = Environment(name="staging", home=tmp_path)
    with pytest.raises(ConfigError) as caught:
        make_postgres(PostgresSettings(dsn=Secret(dsn_text), environment=environment)).diagnose()
    assert str(caught.value) == (
        "environment staging: the dsn of the sink postgres is not a PostgreSQL address; write "
        "postgresql://user:password@host:5432/database, with every special character of the "
        "password percent-encoded"
    )
    assert "ary@" not in repr(caught.value) + repr(caught.value.__cause__)


def test_the_password_is_in_no_message_repr_log_or_address(
    make_sink, dsn, key, partition, three_rows, caplog
):
    caplog.set_level(logging.DEBUG)
    said = []
    for change in ({"password": CANARY}, {"host": "127.0.0.1", "port": "1", "password": CANARY}):
        sink = make_sink(address=make_conninfo(dsn, **change))
        for act in (
            lambda s=sink: s.fingerprint(key),
            lambda s=sink: s.write(partition(three_rows)),
            lambda s=sink: s.query("SELECT 1"),
            lambda s=sink: s.remove_scratch(),
        ):
            try:
                act()
            except (ConfigError, Unavailable) as error:
                said += traceback.format_exception(error)
        said += [repr(sink), repr(vars(sink)), repr(vars(sink._connection)), sink.start()]
        said += [repr(list(sink.diagnose())), repr(sink.locations())]
    text = "".join(said) + caplog.text
    assert "correct the password" in text
    assert "canary" not in text


def test_a_server_that_echoes_the_password_is_not_quoted():
    address = Address({"host": "h", "password": CANARY})
    for form in (CANARY, "canary%3Ap%40ss%2Fw%C3%B6rd"):
        assert address.hide(f"cannot use {form} here") == "cannot use *** here"


@pytest.mark.parametrize(
    ("text", "said", "uri"),
    [
        (
            "postgresql://u:canary@db.example.org:6432/figures?sslmode=verify-full",
            "db.example.org:6432, database figures",
            "postgresql://u@db.example.org:6432/figures?sslmode=verify-full",
        ),
        (
            "host=/run/pg user=u password=canary",
            "/run/pg, database u",
            "postgresql://u@/?host=/run/pg",
        ),
        ("service=figures", "service figures", "postgresql:///?service=figures"),
        (
            "host=a,b port=1,2 dbname=d",
            "a,b:1,2, database d",
            "postgresql:///d?host=a%2Cb&port=1%2C2",
        ),
        ("dbname=d", "this machine, database d", "postgresql:///d"),
    ],
)
def test_an_address_is_shown_without_its_password(text, said, uri):
    address = served_address(Secret(text), "prod")
    assert str(address) == said
    assert address.uri == uri
    kept = {k: v for k, v in conninfo_to_dict(text).items() if k != "password"}
    assert conninfo_to_dict(address.uri) == kept


def test_a_missing_address_is_reported_with_a_remedy(tmp_path):
    settings = PostgresSettings(environment=Environment(name="staging", home=tmp_path))
    with pytest.raises(ConfigError) as caught:
        make_postgres(settings)
    assert str(caught.value) == (
        "environment staging has no address of a PostgreSQL database; write "
        '[environments.staging.sinks.postgres] dsn = "${STATPIPE_PG}" in statpipe.toml and set the '
        "variable STATPIPE_PG in the process environment or in .env"
    )


def test_one_schema_for_two_purposes_is_refused(tmp_path):
    environment = Environment(name="local", home=tmp_path, embedded=True)
    with pytest.raises(ConfigError, match="give the sink postgres two different schemas"):
        make_postgres(PostgresSettings(environment=environment, operations_schema="gold"))


def test_the_plugin_offers_one_sink():
    (component,) = statpipe_sinks()
    assert (component.name, component.settings) == ("postgres", PostgresSettings)
