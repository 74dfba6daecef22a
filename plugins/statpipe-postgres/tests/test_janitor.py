"""The janitor ends a server whose folder was removed, and spares its successor."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from statpipe_postgres import janitor

# It tidies up when it is asked to end, as PostgreSQL does.
_SERVER = """
import pathlib, signal, sys
def tidy(*_):
    pathlib.Path(sys.argv[1]).write_text("")
    sys.exit()
signal.signal(signal.SIGQUIT, tidy)
print(flush=True)
signal.pause()
"""


@pytest.mark.parametrize("new_folder", [True, False], ids=["a new folder", "no folder"])
def test_a_server_only_cleans_up_if_no_new_folder_is_affected(tmp_path, new_folder):
    tidied, users_lock = tmp_path / "tidied", tmp_path / "users.lock"
    if new_folder:
        users_lock.touch()
    program = [sys.executable, "-c", _SERVER, str(tidied)]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as server:
        assert server.stdout
        server.stdout.readline()
        janitor._end(server.pid, str(users_lock))
        ended = server.wait()
    assert tidied.exists() is not new_folder
    assert ended == (-signal.SIGKILL if new_folder else 0)
