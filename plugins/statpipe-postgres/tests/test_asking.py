"""Questions, addresses and the doctor."""

from __future__ import annotations

import os
import subprocess
from decimal import Decimal

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from statpipe.api import ConfigError, Environment, Unavailable
from statpipe_postgres.plugin import make_postgres
from statpipe_postgres.settings import PostgresSettings


def test_a_query_uses_the_gold_schema(sink, partition, three_rows):
    sink.write(partition(three_rows))
    answer = sink.query("SELECT area, value FROM spending WHERE year = 2022")
    assert answer.columns == ("area", "value")
    assert answer.rows == [("CA", Decimal("1852976.3"))]


def test_an_empty_result_still_has_column_names(sink):
    answer = sink.query("SELECT 1 AS one WHERE false")
    assert (answer.columns, list(answer.rows)) == (("one",), [])


def test_a_percent_sign_is_only_a_percent_sign(sink):
    assert sink.query("SELECT 'a%s' LIKE 'a%', 7 % 4").rows == [(True, 3)]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "SELECT valu FROM spending",
            """PostgreSQL refuses the statement: column "valu" does not exist
  line 1: SELECT valu FROM spending
                 ^
  hint: Perhaps you meant to reference the column "spending.value".""",
        ),
        (
            "SELECT area\n\tFROM spending\n\tWERE year = 2021",
            """PostgreSQL refuses the statement: syntax error at or near "year"
  line 3:  WERE year = 2021
                ^
  correct the statement, and run it again""",
        ),
        (
            "SELECT 'né', 1 / area FROM spending",
            """PostgreSQL refuses the statement: operator does not exist: integer / text
  line 1: SELECT 'né', 1 / area FROM spending
                         ^
  hint: """,
        ),
        (
            "SELECT * FROM pce_stat",
            """PostgreSQL refuses the statement: relation "pce_stat" does not exist
  line 1: SELECT * FROM pce_stat
                        ^
  `statpipe show` lists the tables""",
        ),
        (
            "SELECT " + "1 + " * 60 + "oops" + " + 1" * 60,
            """PostgreSQL refuses the statement: column "oops" does not exist
  line 1: ...+ 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + oops + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 +...
                                                               ^
  correct the statement, and run it again""",
        ),
        ("SELECT 1 / 0", "PostgreSQL refuses the statement: division by zero\n  correct the"),
        ("SELECT (SELECT year FROM spending)", "more than one row returned by a subquery"),
        ("SELEC 1", 'at or near "SELEC"\n  line 1'),
        ("DELETE FROM spending", "read-only transaction\n  this command only reads; use"),
        ("DROP TABLE gold.spending", "cannot execute DROP TABLE in a read-only transaction"),
        ("SELECT 1; DROP TABLE gold.spending", "commands into a prepared statement\n  run one"),
        ("COMMIT; DROP TABLE gold.spending", "cannot insert multiple commands"),
        ("SELECT set_config('transaction_read_only', 'off', true)", "read-write mode must be set"),
        (
            "COPY spending TO STDOUT",
            ("COPY is not supported here\n  use SELECT, with --csv for a file"),
        ),
        ("COPY spending FROM STDIN", "in a read-only transaction\n  this command only reads"),
        ("SELECT 'infinity'::date", "'infinity'\n  cast the column to text, and run it again"),
        ("", "the statement is empty; write one, such as SELECT * FROM gold.<table>"),
        (" \n\t", "the statement is empty"),
        (";", "the statement is empty"),
        ("-- SELECT 1", "the statement is empty"),
        ("/* nothing */ ;", "the statement is empty"),
        ("SELECT 1\0; DROP TABLE gold.spending", "the statement contains a NUL character"),
        ("SELECT '\udce9'", "the statement is not valid UTF-8 at character 9"),
    ],
)
def test_an_invalid_or_writing_statement_is_refused_with_its_position(
    sink, partition, three_rows, statement, message
):
    sink.write(partition(three_rows))
    with pytest.raises(ConfigError) as caught:
        sink.query(statement)
    assert message in str(caught.value)
    assert sink.query("SELECT count(*) FROM spending").rows == [(3,)]


def test_a_missing_grant_is_named(make_sink, admin, dsn):
    admin.execute("CREATE SCHEMA gold; CREATE TABLE gold.spending ()")
    name = f"stranger_{admin.info.dbname}"
    admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'canary-pw'")
    admin.execute(f"GRANT USAGE ON SCHEMA gold TO {name}")
    sink = make_sink(address=make_conninfo(dsn, user=name, password="canary-pw"))
    with pytest.raises(ConfigError, match=f"ON TABLE spending to the role {name}"):
        sink.query("SELECT * FROM spending")


def test_a_lost_connection_is_not_reported_as_a_wrong_statement(sink):
    with pytest.raises(Unavailable, match="run again"):
        sink.query("SELECT pg_terminate_backend(pg_backend_pid())")
    assert sink.query("SELECT 1").rows == [(1,)]


def test_a_database_on_a_server_cannot_be_started_or_stopped(sink):
    assert sink.start().endswith("is not managed by statpipe, so statpipe cannot start it")
    assert sink.stop().endswith("is not managed by statpipe, so statpipe cannot stop it")


def test_addresses_are_shown_without_the_password(sink, dsn):
    places = sink.locations()
    assert set(places) == {"gold tables", "gold schema", "runs, checks and lineage"}
    assert conninfo_to_dict(places["gold tables"])["dbname"] == conninfo_to_dict(dsn)["dbname"]
    assert conninfo_to_dict(dsn)["password"] not in str(places)


@pytest.fixture
def own(tmp_path):
    """A sink with an embedded server of its own."""
    environment = Environment(name="local", home=tmp_path, embedded=True)
    sink = make_postgres(PostgresSettings(environment=environment))
    yield sink
    sink.stop()
    sink.close()


def test_an_embedded_environment_has_its_own_database(own, tmp_path, partition, three_rows):
    assert not (tmp_path / ".statpipe").exists()
    own.write(partition(three_rows))
    assert (tmp_path / ".statpipe" / "postgres" / "pgdata").is_dir()
    assert own.query("SELECT count(*) FROM spending").rows == [(3,)]


def test_psql_can_use_a_started_database_until_it_is_stopped(own, partition, three_rows):
    own.write(partition(three_rows))
    uri = own.start()
    own.close()
    psql = own._connection.embedded._program("psql")
    ask = [psql, uri, "-Atc", "SELECT count(*) FROM spending"]
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(ask, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "3\n"
    assert own.stop().endswith("is stopped")
    assert subprocess.run(ask, capture_output=True, env=environment, check=False).returncode != 0


def test_the_doctor_accepts_the_embedded_database(own):
    found = list(own.diagnose())
    assert {d.state for d in found} == {"ok"}
    assert found[0].finding.startswith("embedded PostgreSQL 18.")


def test_the_doctor_has_a_remedy_for_an_unreachable_database(make_sink):
    sink = make_sink(address="host=127.0.0.1 port=1 user=u password=canary-pw dbname=d")
    (found,) = sink.diagnose()
    assert found.state == "error"
    assert found.finding.startswith(
        "PostgreSQL at 127.0.0.1:1, database d, checking the database: "
    )
    assert found.remedy == "check that it is up and reachable, and run again"
