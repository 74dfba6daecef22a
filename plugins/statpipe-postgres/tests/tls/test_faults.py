"""A wire that is cut under TLS: the next look, not a guess, says what was committed."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from statpipe.api import Unavailable


class FaultProxy:
    """
    A TCP proxy whose ``rule(direction, seen)`` says for each piece what becomes of it.

    Pieces cannot be read under TLS. ``direction`` is ``up`` or ``down``, ``seen`` the bytes before.
    ``rst`` cuts the wire with a reset, a number delays by as many seconds, ``None`` lets it pass.
    """

    def __init__(self, port, rule):
        self.target, self.rule, self.connections = ("127.0.0.1", port), rule, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.connections += 1
                server = socket.create_connection(self.target, 5)
                for ends in ((client, server, "up"), (server, client, "down")):
                    threading.Thread(target=self.pump, args=(*ends, client), daemon=True).start()

    def pump(self, source, sink, direction, client):
        seen = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                action = self.rule(direction, seen)
                seen += len(data)
                if action == "rst":
                    self.reset(client, sink if sink is not client else source)
                    return
                if action:
                    time.sleep(action)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    @staticmethod
    def reset(client, server):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # First: a close alone sends nothing while another thread is blocked in recv().
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RD)
        client.close()
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


class Wire:
    """Cuts once, in one direction, from the moment on when it is armed."""

    def __init__(self, direction):
        self.direction, self.armed, self.cuts = direction, False, 0

    def __call__(self, direction, _seen):
        if not self.armed or direction != self.direction:
            return None
        self.armed = False
        self.cuts += 1
        return "rst"


@pytest.fixture
def through(make_sink, tls_server, dsn, ca):
    """Make a sink that reaches the server through a proxy with this rule."""
    made = []

    def make(rule):
        made.append(FaultProxy(tls_server.port, rule))
        sink = make_sink(address=make_conninfo(dsn, port=made[-1].port), ca=ca)
        sink._has_schemas = True
        return sink

    yield make
    for one in made:
        one.listener.close()


@pytest.fixture
def prepared(make_sink, ca, partition, three_rows):
    """The schemas are there, so that the first COMMIT on the wire is the load's."""
    sink = make_sink(ca=ca)
    sink.write(partition(three_rows, "before"))
    return sink


@pytest.fixture
def armed_at_commit(monkeypatch):
    """Arm a wire when COMMIT is about to be sent, since nobody can read it on its way."""

    def arm(wire):
        commit = psycopg.Connection.commit

        def armed(session):
            wire.armed = not wire.cuts
            commit(session)

        monkeypatch.setattr(psycopg.Connection, "commit", armed)
        return wire

    return arm


def test_a_commit_whose_reply_was_reset_counts(
    through, armed_at_commit, prepared, partition, three_rows, key
):
    wire = armed_at_commit(Wire("down"))
    receipt = through(wire).write(partition(three_rows.slice(1), "after"))
    assert wire.cuts == 1
    assert receipt.deleted == 1
    assert prepared.fingerprint(key) == "after"


def test_a_commit_that_never_arrived_does_not_count_and_the_next_run_loads(
    through, armed_at_commit, prepared, partition, three_rows, key
):
    wire = armed_at_commit(Wire("up"))
    sink = through(wire)
    with pytest.raises(Unavailable) as caught:
        sink.write(partition(three_rows.slice(1), "after"))
    assert "\n" not in str(caught.value)
    assert wire.cuts == 1
    assert prepared.fingerprint(key) == "before"
    assert sink.write(partition(three_rows.slice(1), "after")).deleted == 1
    assert prepared.fingerprint(key) == "after"


@pytest.mark.parametrize(("direction", "counts"), [("down", True), ("up", False)])
def test_a_rebuilt_table_does_not_count_as_committed_by_its_old_fingerprint(
    through, armed_at_commit, prepared, admin, partition, three_rows, direction, counts
):
    admin.execute("UPDATE gold.spending SET value = 0")
    wire = armed_at_commit(Wire(direction))
    sink = through(wire)
    outcome = contextlib.nullcontext() if counts else pytest.raises(Unavailable)
    with outcome:
        sink.load([partition(three_rows, "before")], (), "rebuild")
    assert wire.cuts == 1
    wrong = prepared.query("SELECT count(*) FROM spending WHERE value = 0").rows
    assert wrong == ([(0,)] if counts else [(3,)])


def test_a_connection_reset_during_copy_leaves_nothing_behind(
    through, make_sink, ca, partition, table_of, key
):
    many = table_of(*(("CA", year, "1.5", "a note", None) for year in range(20_000)))
    with make_sink(ca=ca)._ready("making the schemas"):
        pass
    cuts = []

    def rule(direction, seen):
        if cuts or direction != "up" or seen < 300_000:
            return None
        cuts.append(seen)
        return "rst"

    sink = through(rule)
    with pytest.raises(Unavailable):
        sink.write(partition(many))
    assert len(cuts) == 1
    assert sink.fingerprint(key) is None
    assert sink.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'gold'").rows == [(0,)]
    assert sink.write(partition(many)).inserted == 20_000


def test_a_slow_connection_works(through, prepared, partition, three_rows):
    def rule(_direction, _seen):
        return 0.02

    assert through(rule).write(partition(three_rows.slice(1), "after")).deleted == 1
