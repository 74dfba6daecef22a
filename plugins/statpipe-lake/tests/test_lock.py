"""The lock is the kernel's: it says who holds it and cannot be left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import pytest

from statpipe.api import ConfigError, Locked
from statpipe_lake.lock import locked
from support.patience import PATIENCE


@pytest.fixture
def path(tmp_path):
    return tmp_path / "locks" / "agency.lock"


def take(path, run_id="1", wait=0.0):
    return locked(
        path.parents[1], "locks/agency.lock", "agency in environment local", wait, lambda: run_id
    )


def test_the_lock_file_names_the_holder_and_is_empty_afterwards(path):
    with take(path, "run-1"):
        holder = json.loads(path.read_bytes())
        assert holder["run_id"] == "run-1"
        assert (holder["pid"], holder["host"]) == (os.getpid(), socket.gethostname())
        since = datetime.fromisoformat(holder["since"])
        assert timedelta(0) <= datetime.now(UTC) - since < timedelta(minutes=1)
    assert path.read_bytes() == b""


def test_the_message_names_run_process_host_and_time(path):
    with take(path, "run-1"), pytest.raises(Locked) as caught, take(path):
        pass
    text = str(caught.value)
    assert text.startswith(
        f"agency in environment local is locked by run run-1 (process {os.getpid()} on "
        f"{socket.gethostname()}, since 20"
    )
    assert text.endswith("+00:00); wait for it with --wait SECONDS, or run again later")


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b"\xff", b'{"run_id": 1}'])
def test_a_holder_without_a_name_yet_is_reported_as_another_run(path, content):
    """The one who came second looks while the first is about to write."""
    with take(path):
        path.write_bytes(content)
        with pytest.raises(Locked, match="is locked by another run; wait for it"), take(path):
            pass


def test_a_longer_earlier_name_is_overwritten_completely(path):
    with pytest.raises(KeyError), take(path, "a-very-long-run-id" * 10):
        raise KeyError
    with take(path, "2"):
        assert json.loads(path.read_bytes())["run_id"] == "2"


def test_a_child_that_outlives_its_killed_parent_does_not_hold_it(path):
    code = textwrap.dedent(
        """
        import subprocess, sys
        from pathlib import Path
        from statpipe_lake.lock import locked
        with locked(Path(sys.argv[1]), "locks/agency.lock", "agency", 0, lambda: "1"):
            waits = [sys.executable, "-c", "import sys; sys.stdin.read()"]
            with subprocess.Popen(waits, close_fds=False):
                print("held", flush=True)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path.parents[1])],
        stdin=subprocess.PIPE,  # the child's too: it ends when this is closed
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout.readline() == "held\n"
        with pytest.raises(Locked), take(path):
            pass
        parent.kill()
        parent.wait(timeout=PATIENCE)
        with take(path, "2"):
            pass


def test_an_unwritable_lock_file_is_a_config_error(tmp_path):
    (tmp_path / "locks").write_text("in the way")
    with pytest.raises(ConfigError) as caught, take(tmp_path / "locks" / "agency.lock"):
        pass
    assert str(caught.value) == (
        f"the lock file {tmp_path}/locks/agency.lock cannot be written: {tmp_path}/locks is a file, "
        "not a folder; remove it, and run again"
    )


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda path, other: path.symlink_to(other), "is a symbolic link, not a file"),
        (lambda path, other: path.symlink_to("/nowhere/at/all"), "is a symbolic link, not a file"),
        (lambda path, other: path.hardlink_to(other), "it is a hard link"),
        (lambda path, other: os.mkfifo(path), "is a named pipe, not a file"),
        (lambda path, other: path.mkdir(), "is a folder, not a file"),
    ],
)
def test_a_lock_file_that_is_a_link_or_another_kind_is_refused(path, tmp_path, make, kind):
    other = tmp_path / "other"
    other.write_text("precious")
    path.parent.mkdir()
    make(path, other)
    with pytest.raises(ConfigError, match=f"cannot be written: .*{kind}; remove it"), take(path):
        pass
    assert other.read_text() == "precious"


def test_a_linked_folder_of_locks_is_refused(path, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="locks is a symbolic link, not a folder"), take(path):
        pass
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_stopped_holder_keeps_the_lock_and_a_killed_one_loses_it(path):
    code = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from statpipe_lake.lock import locked
        with locked(Path(sys.argv[1]), "locks/agency.lock", "agency", 0, lambda: "stopped"):
            print("held", flush=True)
            time.sleep(600)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path.parents[1])], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            holder.send_signal(signal.SIGSTOP)  # nothing of it runs any more
            with pytest.raises(Locked, match=f"run stopped .process {holder.pid}"), take(path):
                pass
        finally:
            holder.kill()
        holder.wait(timeout=PATIENCE)
    with take(path, "2") as run_id:
        assert run_id == "2"
