"""An embedded server is up as long as somebody uses it, and leaves nothing behind."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from statpipe.api import Unavailable
from statpipe_postgres import locks
from statpipe_postgres.embedded import EmbeddedPostgres
from support.patience import PATIENCE
from support.processes import processes
from support.removed import remove


def is_down(server):
    return locks.is_free(server.folder.server_lock)


def ask(server, statement="SELECT 1"):
    with psycopg.connect(server.conninfo, connect_timeout=PATIENCE) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def test_a_started_server_answers_and_a_closed_one_has_ended(empty):
    server = EmbeddedPostgres(empty)
    server.start()
    assert ask(server) == (1,)
    server.close()
    assert is_down(server)
    assert not (empty / "pgdata" / "postmaster.pid").exists()


def test_the_server_has_fixed_sorting_and_time_zone_and_page_checksums(root):
    server = EmbeddedPostgres(root)
    server.start()
    for setting, value in (
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("data_checksums", "on"),
        ("fsync", "on"),
    ):
        assert ask(server, f"SELECT current_setting('{setting}')") == (value,)
    assert ask(server, "SELECT datlocale FROM pg_database LIMIT 1") == ("C.UTF-8",)
    server.close()


def test_the_server_only_listens_on_a_private_socket(server):
    assert ask(server, "SELECT current_setting('listen_addresses')") == ("",)
    assert stat.S_IMODE(server.folder.sockets.stat().st_mode) == 0o700


def test_the_password_is_in_a_private_file_and_in_no_address(server):
    assert stat.S_IMODE(server.folder.passfile.stat().st_mode) == 0o600
    assert server.password
    assert server.password not in server.conninfo + server.uri
    assert "password" not in conninfo_to_dict(server.conninfo)


def test_psql_connects_with_the_printed_address_alone(server):
    done = subprocess.run(
        [server._program("psql"), server.uri, "-Atc", "SELECT 40 + 2"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.stdout == "42\n"


def test_a_wrong_password_is_refused_on_the_socket_too(server):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.conninfo, password="wrong")


def test_two_users_share_one_server_and_the_last_one_stops_it(root):
    first, second = EmbeddedPostgres(root), EmbeddedPostgres(root)
    first.start()
    second.start()
    first.close()
    assert ask(second) == (1,)
    second.close()
    assert is_down(second)


def test_figures_survive_a_restart(root):
    server = EmbeddedPostgres(root)
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    server.close()
    server.start()
    assert ask(server, "SELECT n FROM kept") == (7,)
    server.close()


def test_closing_twice_or_before_starting_does_nothing(root):
    server = EmbeddedPostgres(root)
    server.close()
    server.start()
    server.close()
    server.close()
    assert is_down(server)


def test_a_kept_server_runs_until_it_is_stopped(root):
    server = EmbeddedPostgres(root)
    server.keep()
    server.close()
    assert ask(server) == (1,)
    assert EmbeddedPostgres(root).stop()
    assert is_down(server)


def test_keeping_a_server_twice_leaves_one_keeper(root):
    for _ in range(2):
        server = EmbeddedPostgres(root)
        server.keep()
        server.close()
    assert not locks.is_free(server.folder.keeper_lock)
    assert server.stop()
    assert locks.is_free(server.folder.keeper_lock)


def test_a_server_in_use_is_not_stopped(root):
    user, operator = EmbeddedPostgres(root), EmbeddedPostgres(root)
    user.start()
    operator.keep()
    assert not operator.stop()
    assert ask(user) == (1,)
    user.close()
    assert is_down(user)


def test_stopping_a_server_that_never_started_creates_nothing(empty):
    assert EmbeddedPostgres(empty).stop()
    assert not empty.exists()


def test_starting_changes_no_permission_outside_the_folder(tmp_path):
    tmp_path.chmod(0o700)
    before = [(p, p.stat().st_mode, p.stat().st_uid) for p in (tmp_path, *tmp_path.parents)]
    server = EmbeddedPostgres(tmp_path / "deep" / "postgres")
    server.start()
    server.close()
    assert [(p, p.stat().st_mode, p.stat().st_uid) for p, _, _ in before] == before


def test_environment_variables_for_other_databases_are_ignored(root, monkeypatch, tmp_path):
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    monkeypatch.setenv("PGDATA", str(tmp_path / "elsewhere"))
    server = EmbeddedPostgres(root)
    server.start()
    assert ask(server) == (1,)
    server.close()


def processes_of(root):
    """All processes that have a file of the folder open, though it may be deleted: server, keeper, janitor."""

    def have_a_file_open(process):
        opened = [str(one.readlink()) for one in (process / "fd").iterdir()]
        return any(one.startswith(f"{root}/") for one in opened)

    return {*processes(have_a_file_open)} - {os.getpid()}


@pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")
def test_no_process_of_the_server_has_our_secrets(root, monkeypatch):
    for name in ("BEA_API_KEY", "STATPIPE_PG", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "LC_CANARY"):
        monkeypatch.setenv(name, "canary-secret")
    server = EmbeddedPostgres(root)
    server.keep()
    pids = processes_of(root)
    # At least the server, its keeper, its janitor and one of the server's own workers.
    assert len(pids) > 3
    for pid in pids:
        told = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"canary-secret" not in told
    assert server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")
@pytest.mark.parametrize("long", [False, True], ids=["socket in the folder", "socket elsewhere"])
def test_removing_the_folder_ends_its_server_and_spares_a_new_one(root, tmp_path, eventually, long):
    if long:
        place = tmp_path / ("long" * 25)
        place.mkdir()
        root = root.rename(place / "postgres")
    old = EmbeddedPostgres(root)
    old.keep()
    old.close()
    before = processes_of(root)
    assert before
    remove(root)
    new = EmbeddedPostgres(root)
    new.start()
    assert ask(new) == (1,)
    eventually(lambda: not before & processes_of(root))
    assert ask(new) == (1,)
    new.close()
    assert is_down(new)


@pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")
def test_removing_the_folder_leaves_no_process_behind(root, eventually):
    server = EmbeddedPostgres(root)
    server.keep()
    server.close()
    assert processes_of(root)
    remove(root)
    eventually(lambda: not processes_of(root))
    assert server.stop()


def test_a_lock_that_is_a_symbolic_link_is_not_followed(root, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (root / "users.lock").unlink(missing_ok=True)
    (root / "users.lock").symlink_to(precious)
    with pytest.raises(Unavailable, match="the folder of the embedded PostgreSQL"):
        EmbeddedPostgres(root).start()
    assert precious.read_text() == "kept"
