"""Units of work in other processes: only keys and hashes are sent, and the lake is the same."""

import logging
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import attrs
import pytest
import structlog

from statpipe.engine.record.heard import hearing
from statpipe.engine.site.workplace import bench_at
from support.posted import Posted
from support.shared_office import CANARY
from support.tea import prices


def publish_more(office):
    for name in ("black", "green"):
        office.agency.publish(name, "2024-03-02", {**prices(), ("CAL", "fine", "2024-01"): "9.75"})


def test_other_processes_make_the_same_lake(shared, alone):
    posted = Posted()
    for _ in range(2):
        there, here = shared.run(posted), alone.run()
        assert (there.outcome, there.checks, there.vintages) == (
            here.outcome,
            here.checks,
            here.vintages,
        )
        assert there.receipts == here.receipts
        publish_more(shared.office)
    layers = ("bronze", "silver", "changes", "gold")
    assert shared.files(*layers) == alone.files(*layers)
    assert len(shared.files("silver")) == 4
    assert shared.files("staged") == {}
    # Two vintages of two datasets, each sealed and judged.
    assert len(posted.sent) == 8


def test_no_payload_table_or_key_is_sent_to_workers(shared):
    posted = Posted()
    shared.run(posted)
    bodies = [
        payload.read_bytes()
        for payload in (shared.home / ".statpipe/lake/local").rglob("*.json.gz")
    ]
    assert len(bodies) == 4
    for text in (*posted.sent, *posted.returned):
        assert CANARY.encode() not in text
        assert b"pyarrow.lib" not in text
        assert b'"rows"' not in text


def test_a_refused_table_is_not_published_and_not_visible(shared):
    shared.office.agency.check = "error"
    manifest = shared.run(Posted())
    assert (manifest.outcome, len(manifest.checks)) == ("refused", 2)
    assert shared.files("silver", "gold") == {}
    assert len(shared.files("staged")) == 2
    shared.office.agency.check = "pass"
    assert shared.run(Posted()).outcome == "loaded"
    assert len(shared.files("silver")) == 2
    assert shared.files("staged") == {}


def test_figures_changed_under_an_unchanged_date_get_their_own_name(shared, alone):
    for place, executor in ((shared, Posted()), (alone, None)):
        office = place.office
        office.agency.releases = office.agency.releases[:2]
        place.run(executor)
        office.agency.publish("black", "2024-03-01", prices(50))
        place.run(executor, full=True)
        office.agency.releases.pop()
    assert shared.files("silver") == alone.files("silver")
    assert len(shared.files("silver")) == 3


@pytest.mark.parametrize("lost", [{1}, {1, 2}, {3}, {3, 4}])
def test_a_worker_that_dies_changes_nothing(shared, alone, lost, caplog):
    manifest = shared.run(Posted(lost=lost))
    assert manifest.outcome == "loaded"
    assert caplog.text.count("a worker failed; its work continues in this process") == len(lost)
    alone.run()
    assert shared.files("silver", "gold") == alone.files("silver", "gold")


def test_unreadable_payloads_end_the_run_with_their_message(shared):
    shared.office.agency.garbled = True
    posted = Posted()
    manifest = shared.run(posted)
    assert manifest.exit_code == 4
    assert manifest.message.startswith("payload black-CAL: no rows of prices")
    assert all(b"teapot" not in text for text in posted.returned)


def test_a_worker_with_another_lake_reports_its_path(shared, monkeypatch, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setattr(
        "statpipe.engine.stages.workers.bench_at",
        lambda workplace: bench_at(
            attrs.evolve(workplace, environment=attrs.evolve(workplace.environment, home=elsewhere))
        ),
    )
    manifest = shared.run(Posted())
    assert manifest.exit_code == 4
    assert "is missing from Bronze" in manifest.message
    assert f"whose lake is {elsewhere}/.statpipe/lake/local)" in manifest.message


def test_a_worker_of_another_version_is_refused(shared, monkeypatch):
    monkeypatch.setattr(
        "statpipe.engine.stages.workers.bench_at",
        lambda workplace: bench_at(
            attrs.evolve(workplace, versions=(*workplace.versions, ("statpipe-tea", "0.9")))
        ),
    )
    manifest = shared.run(Posted())
    assert manifest.exit_code == 2
    assert "has statpipe-tea 1.0 instead of 0.9; install the same versions" in manifest.message


def test_a_pool_whose_process_dies_leaves_the_work_to_the_main_process(shared, alone):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        processes.submit(_die)
        assert shared.run(processes).outcome == "loaded"
    alone.run()
    assert shared.files("silver", "gold") == alone.files("silver", "gold")


def _die():
    import os

    os._exit(9)


def test_log_lines_of_a_worker_are_repeated_in_the_main_process(caplog, logs_as_they_were):
    caplog.set_level(logging.INFO)
    with hearing(logging.INFO) as heard:
        structlog.get_logger("statpipe").info("a port is closed", port="CAL")
        logging.getLogger("library").warning("%s chests", 7)
        logging.getLogger("library").debug("too much")
        warnings.warn("the tea is old", UserWarning, stacklevel=1)
    caplog.clear()
    with (
        structlog.contextvars.bound_contextvars(run_id="run-1"),
        pytest.warns(UserWarning, match="the tea is old"),
    ):
        heard.say()
    first, second = caplog.records
    assert (first.msg["event"], first.msg["port"]) == ("a port is closed", "CAL")
    assert first.msg["run_id"] == "run-1"
    assert second.getMessage() == "7 chests"
