"""The checks' SQL: one DuckDB a process, and sessions that see nothing of each other."""

import duckdb
import pyarrow as pa
import pytest

from statpipe_checks.database import database


def test_parallel_sessions_only_see_their_own_tables():
    with database(own=pa.table({"x": [1]})) as first, database(own=pa.table({"x": [2]})) as second:
        first.run("CREATE TEMP TABLE mine AS SELECT x FROM own")
        second.run("CREATE TEMP VIEW mine AS SELECT x FROM own")
        assert first.rows("SELECT x FROM mine") == [{"x": 1}]
        assert second.rows("SELECT x FROM mine") == [{"x": 2}]


def test_a_session_leaves_nothing_behind():
    with database(own=pa.table({"x": [1]})) as session:
        session.run("CREATE TEMP TABLE mine AS SELECT x FROM own")
    with database() as session:
        for name in ("own", "mine"):
            with pytest.raises(duckdb.CatalogException):
                session.rows(f"SELECT * FROM {name}")


def test_no_session_reads_a_file(tmp_path):
    (tmp_path / "there.csv").write_text("x\n1\n")
    with database() as session, pytest.raises(duckdb.PermissionException):
        session.rows("SELECT * FROM read_csv($path)", path=str(tmp_path / "there.csv"))
