"""A reply to COMMIT that is lost: the next look, not a guess, says whether it was one."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from statpipe.api import Unavailable


class Cutter:
    """Stands between client and server, and cuts the wire at the first COMMIT."""

    def __init__(self, folder, server, *, forward, deaf=False):
        self.folder, self.server, self.forward, self.deaf = folder, server, forward, deaf
        self.cut = False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / ".s.PGSQL.5432"))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.cut and self.deaf:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.server)
                threading.Thread(target=self.up, args=(client, server), daemon=True).start()
                threading.Thread(target=self.down, args=(client, server), daemon=True).start()

    def up(self, client, server):
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if b"COMMIT\0" in data and not self.cut:
                    self.cut = True
                    if self.forward:
                        self.shut(client)
                        server.sendall(data)
                        return
                    self.shut(client, server)
                    return
                server.sendall(data)
        self.shut(server)

    def down(self, client, server):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        self.shut(client)

    def shut(self, *ends):
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cutter(tmp_path, dsn):
    made = []

    def make(**how):
        folder = tmp_path / "wire"
        folder.mkdir()
        real = conninfo_to_dict(dsn)["host"] + "/.s.PGSQL.5432"
        made.append(Cutter(folder, real, **how))
        return make_conninfo(dsn, host=str(folder))

    yield make
    for one in made:
        one.listener.close()


@pytest.fixture
def prepared(make_sink, partition, three_rows):
    """The schemas are there, so that the first COMMIT on the wire is the load's."""
    sink = make_sink()
    sink.write(partition(three_rows, "before"))
    return sink


def through(make_sink, address):
    sink = make_sink(address=address)
    sink._has_schemas = True
    return sink


def test_a_commit_whose_reply_was_lost_counts(
    make_sink, cutter, prepared, partition, three_rows, key
):
    sink = through(make_sink, cutter(forward=True))
    receipt = sink.write(partition(three_rows.slice(1), "after"))
    assert receipt.deleted == 1
    assert prepared.fingerprint(key) == "after"


def test_a_commit_that_never_arrived_does_not_count(
    make_sink, cutter, prepared, partition, three_rows, key
):
    sink = through(make_sink, cutter(forward=False))
    with pytest.raises(Unavailable):
        sink.write(partition(three_rows.slice(1), "after"))
    assert prepared.fingerprint(key) == "before"
    assert sink.write(partition(three_rows.slice(1), "after")).deleted == 1


def test_an_unverifiable_commit_is_reported_as_unknown(
    make_sink, cutter, prepared, partition, three_rows, key
):
    sink = through(make_sink, cutter(forward=True, deaf=True))
    with pytest.raises(Unavailable, match=r"whether the load of gold\.spending was committed"):
        sink.write(partition(three_rows.slice(1), "after"))
    assert not prepared.write(partition(three_rows.slice(1), "after")).changed


def test_the_plugins_module_loads_no_driver():
    heavy = "{'psycopg', 'pyarrow'} & set(sys.modules)"
    code = f"import sys; import statpipe_postgres.plugin; sys.exit(str({heavy}) if {heavy} else 0)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
