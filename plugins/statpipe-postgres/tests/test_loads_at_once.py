"""Loads beside each other, beside readers, and loads that are killed."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import threading

import psycopg
import pytest

from statpipe.api import Unavailable
from support.spending import rows


def test_state_and_figures_appear_in_one_transaction(
    make_sink, admin, partition, three_rows, table_of, key, monkeypatch
):
    sink = make_sink()
    sink.write(partition(three_rows))
    seen = []

    def look_then_fail(*_):
        seen.append((sink_2.fingerprint(key), len(rows(admin))))
        raise KeyboardInterrupt

    sink_2 = make_sink()
    monkeypatch.setattr("statpipe_postgres.operations.hold", look_then_fail)
    with pytest.raises(KeyboardInterrupt):
        sink.write(partition(table_of(("TX", 2020, "1", None, None)), "second"))
    assert seen == [("first", 3)]
    assert len(rows(admin)) == 3
    monkeypatch.undo()
    assert sink.write(partition(three_rows.slice(1), "third")).deleted == 1


@pytest.mark.parametrize("first", [True, False])
def test_a_server_process_killed_in_the_middle_of_a_load_changes_nothing(
    sink, admin, partition, three_rows, table_of, key, monkeypatch, first
):
    if not first:
        sink.write(partition(three_rows))
    held = sink.fingerprint(key)

    def batches(table, model):
        yield b'"TX",2020,1,,,\n'
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'statpipe' AND datname = current_database()"
        )
        for number in range(2000):
            yield f'"TX",{number + 3000},1,,,\n'.encode() * 1

    monkeypatch.setattr("statpipe_postgres.load.csv_batches", batches)
    with pytest.raises(Unavailable, match=r"loading gold\.spending: .*(terminating|closed|lost)"):
        sink.write(partition(three_rows, "second"))
    monkeypatch.undo()
    assert sink.fingerprint(key) == held
    assert len(rows(admin, "SELECT to_regclass('gold.spending')::text")) == 1
    assert sink.write(partition(three_rows, "second")).inserted == (3 if first else 0)


def test_two_parallel_processes_load_once(make_sink, partition, three_rows, admin):
    sinks = [make_sink() for _ in range(4)]
    receipts = []
    threads = [
        threading.Thread(target=lambda s=s: receipts.append(s.write(partition(three_rows))))
        for s in sinks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.inserted for receipt in receipts) == [0, 0, 0, 3]


def test_a_load_that_waits_too_long_for_another_gives_up(make_sink, partition, three_rows, dsn):
    sink = make_sink(lock_timeout=1)
    sink.write(partition(three_rows))
    with psycopg.connect(dsn) as other:
        other.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('statpipe table gold.spending', 0))"
        )
        with pytest.raises(Unavailable, match=r"lock timeout; another session holds the lock"):
            sink.write(partition(three_rows.slice(1), "second"))


def test_analysts_read_the_old_figures_while_new_ones_are_loaded(sink, dsn, partition, three_rows):
    sink.write(partition(three_rows))
    with psycopg.connect(dsn) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert len(rows(reader)) == 3
        sink.write(partition(three_rows.slice(1), "second"))
        assert len(rows(reader)) == 3
