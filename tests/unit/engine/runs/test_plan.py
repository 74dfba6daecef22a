"""A plan makes the decisions of a run, and does nothing."""

import pytest

from statpipe.api import Unavailable
from statpipe.engine.runs.plan import plan_source
from statpipe.engine.stages.options import INGEST, Options
from support.tea import SOURCE, TeaSource, prices


def planned(office, **options):
    site = office.site()
    office.lake.calls.clear()
    office.ledger.calls.clear()
    try:
        plan = plan_source(site, SOURCE, Options(**options))
    finally:
        site.close()
    done = {call.split()[0] for call in (*office.lake.calls, *office.ledger.calls)}
    assert not done & {"write", "keep", "record"}
    assert not office.lake.holders
    return [(s.what, s.vintage, s.action, s.requests) for s in plan.steps]


def test_the_first_plan_fetches_and_writes_everything(office):
    assert planned(office) == [
        ("black", "2024-03-01", "fetch", 2),
        ("green", "2024-03-01", "fetch", 2),
        ("tea_latest", "", "write Gold to every sink", 0),
    ]
    assert not office.lake.runs


def test_an_unchanged_source_has_an_empty_plan(office):
    office.run()
    assert {step[2] for step in planned(office)} == {"nothing"}
    assert {step[2] for step in planned(office, full=True)[:2]} == {"fetch"}
    assert [step[0] for step in planned(office, tables=("green",))] == ["green", "tea_latest"]


def test_the_plan_rebuilds_from_bronze_after_a_code_change(office):
    office.run(stages=frozenset({INGEST}))
    assert ("black", "2024-03-01", "build Silver from Bronze", 0) in planned(office)
    office.run()
    office.agency.version = "3"
    assert ("green", "2024-03-01", "build Silver from Bronze", 0) in planned(office)


def test_a_sink_without_gold_is_named(office):
    office.run()
    office.ledger.held.clear()
    assert planned(office)[-1] == ("tea_latest", "", "write Gold to ledger", 0)


def test_the_run_does_what_was_planned(office):
    office.run()
    office.agency.publish("black", "2024-04-01", prices(9))
    fetched = [step[:2] for step in planned(office) if step[2] == "fetch"]
    manifest = office.run()
    assert [(v.dataset, v.vintage) for v in manifest.vintages if v.outcome == "loaded"] == fetched


def test_a_plan_needs_the_agency(office):
    office.agency.down_at = 0
    with pytest.raises(Unavailable):
        planned(office)


def test_the_plan_shows_the_notice(office):
    office.agency.notice = "a sample"
    site = office.site()
    assert plan_source(site, SOURCE, Options()).notice == "a sample"


def test_the_plan_shows_the_waiting_time_for_the_agencys_limits(office, monkeypatch):
    monkeypatch.setattr(TeaSource, "waiting", lambda _, requests: 60.0 * requests)
    site = office.site()
    plan = plan_source(site, SOURCE, Options())
    assert (plan.source, plan.waiting) == (SOURCE, 240.0)
