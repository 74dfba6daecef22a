"""A server, or a proxy before it, that falls silent is waited for no longer than the settings say."""

from __future__ import annotations

import contextlib
import socket
import threading

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from statpipe.api import Unavailable


class Mute:
    """Stands between client and server, and passes nothing on once it has seen some bytes."""

    def __init__(self, folder, server, marker):
        self.server, self.marker = server, marker
        self.silent = False
        self.ends = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / ".s.PGSQL.5432"))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.server)
                self.ends += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self.carry, args=pair, daemon=True).start()

    def carry(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.silent = self.silent or self.marker in data
                if self.silent:
                    return  # it reads nothing more, either
                target.sendall(data)

    def close(self):
        for end in (self.listener, *self.ends):
            end.close()


@pytest.fixture
def mute(tmp_path, dsn):
    """Give an address behind which everything is silent from the first of some bytes on."""
    made = []

    def make(marker):
        folder = tmp_path / "wire"
        folder.mkdir()
        real = conninfo_to_dict(dsn)["host"] + "/.s.PGSQL.5432"
        made.append(Mute(folder, real, marker))
        return make_conninfo(dsn, host=str(folder))

    yield make
    for one in made:
        one.close()


@pytest.fixture
def impatient(monkeypatch, make_sink):
    """Make sinks that wait for one second."""
    monkeypatch.setattr("statpipe_postgres.connection._GRACE", 0.0)

    def make(address, **settings):
        return make_sink(address=address, **{"reply_timeout": 1, "connect_timeout": 2} | settings)

    return make


SAID = (
    r"the server did not answer for 1 seconds; check the server and any proxy or tunnel, "
    r"and run again; if it only needs more time, raise reply_timeout of the sink postgres"
)


def test_a_server_that_accepts_but_never_answers_is_unavailable(impatient):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        sink = impatient(
            f"host=127.0.0.1 port={port} user=u password=canary-pw dbname=d sslmode=disable"
        )
        with pytest.raises(Unavailable, match=r"timeout expired; check that it is up"):
            sink.query("SELECT 1")


@pytest.mark.parametrize(
    "marker", [b"CREATE SCHEMA", b"COPY ", b"1852976.3", b"PRIMARY KEY", b"COMMIT\0"]
)
def test_silence_at_any_moment_of_a_load_ends_it(impatient, mute, partition, three_rows, marker):
    sink = impatient(mute(marker))
    with pytest.raises(Unavailable, match=SAID):
        sink.write(partition(three_rows))


def test_silence_while_rows_are_sent_ends_it(impatient, make_sink, mute, partition, table_of):
    # More than any buffer on the way holds.
    rows = table_of(*(("CA", year, "1", "x" * 100, None) for year in range(100_000)))
    make_sink().write(partition(rows.slice(99_999)))
    sink = impatient(mute(b",5000,"))
    with pytest.raises(Unavailable, match=SAID):
        sink.load([partition(rows, "second")], (), "verify")


def test_a_query_without_an_answer_ends(impatient, mute):
    sink = impatient(mute(b"AS marked"))
    with pytest.raises(Unavailable, match=SAID):
        sink.query("SELECT 1 AS marked")


def test_a_statement_that_takes_too_long_is_cancelled_by_the_server(make_sink, dsn):
    sink = make_sink(address=dsn, reply_timeout=1)
    with pytest.raises(Unavailable, match=r"statement timeout; .* raise reply_timeout of the sink"):
        sink.query("SELECT pg_sleep(60)")
    assert sink.query("SHOW statement_timeout").rows == [("1s",)]


def test_a_shorter_limit_of_the_server_stays(make_sink, dsn):
    address = make_conninfo(dsn, options="-cstatement_timeout=700")
    assert make_sink(address=address).query("SHOW statement_timeout").rows == [("700ms",)]
    address = make_conninfo(dsn, options="-cstatement_timeout=20min")
    assert make_sink(address=address).query("SHOW statement_timeout").rows == [("10min",)]


def test_a_lock_that_is_never_released_ends_a_verifying_load(
    make_sink, dsn, admin, partition, three_rows
):
    make_sink().write(partition(three_rows))
    sink = make_sink(address=dsn, lock_timeout=1)
    with psycopg.connect(dsn) as holder:
        holder.execute("LOCK TABLE gold.spending")
        with pytest.raises(Unavailable, match=r"lock timeout; another session holds the lock"):
            sink.load([partition(three_rows)], (), "verify")
    assert not sink.load([partition(three_rows)], (), "verify")[0].changed


def test_the_client_waits_for_a_slow_server_that_sends_data(make_sink, dsn):
    sink = make_sink(address=dsn, reply_timeout=30)
    assert sink.query("SELECT pg_sleep(1.5) IS NULL").rows == [(False,)]
