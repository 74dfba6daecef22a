"""Runs of sources: what they publish, what they keep, and how they end."""

import pytest

from statpipe.api import Layer, PartitionKey
from statpipe.engine.gold.maker import gold_key
from statpipe.engine.record.records import held_of, latest_manifest
from statpipe.engine.runs.run import worst
from statpipe.engine.stages.options import INGEST, LOAD, TRANSFORM
from support.tea import LATEST, MONTHS, PORTS, SOURCE, prices

GOLD = gold_key(LATEST)


def black(vintage):
    return PartitionKey(layer=Layer.SILVER, owner=SOURCE, dataset="black", vintage=vintage)


def vintages(office):
    return sorted(k.vintage for k in office.lake.partitions(SOURCE) if k.dataset == "black")


def prices_in(office, vintage):
    return {str(v) for v in office.lake.held[black(vintage)].table["obs_value"].to_pylist()}


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 6], 6),
        ([6, 5], 5),
        ([5, 2], 2),
        ([2, 3], 3),
        ([3, 4, 0], 4),
        ([4, 1], 1),
        ([1, 130], 130),
        ([0, 77, 4], 77),
    ],
)
def test_the_most_urgent_exit_code_of_several_runs_wins(codes, code):
    assert worst(codes) == worst(codes[::-1]) == code


def fingerprints(sink):
    """What a sink holds for others than the engine itself."""
    held = sink.held.items()
    return {key: p.fingerprint for key, p in held if key.layer is not Layer.CHANGES}


def test_an_unchanged_run_writes_nothing_and_says_so(office):
    office.run()
    before, called = dict(office.lake.held), len(office.lake.calls)
    manifest = office.run()
    assert (manifest.outcome, manifest.exit_code, manifest.receipts) == ("unchanged", 0, ())
    assert office.lake.held == before
    assert not [c for c in office.lake.calls[called:] if c.startswith(("write", "keep"))]


def test_a_full_run_with_unchanged_figures_writes_nothing(office):
    office.run()
    manifest = office.run(full=True)
    assert manifest.outcome == "unchanged"
    assert not any(receipt.changed for receipt in manifest.receipts)
    assert {check.dataset for check in manifest.checks} == set()


def test_figures_that_change_back_under_one_date_are_a_new_vintage(office):
    first, office.agency.today = prices(), "2024-03-02"
    for today, figures in (
        ("2024-03-05", first | {("CAL", "fine", "2024-01"): "9"}),
        ("2024-03-09", first),
    ):
        office.run()
        office.agency.today = today
        office.agency.publish("black", "2024-03-01", figures)
    assert office.run().outcome == "loaded"
    assert vintages(office) == ["2024-03-01", "2024-03-05", "2024-03-09"]
    rows = office.lake.held[GOLD].table.to_pylist()
    black = [r for r in rows if r["dataset"] == "black"]
    set_by = {(r["port"], r["grade"], r["time_period"]): r["vintage"] for r in black}
    assert set_by["CAL", "fine", "2024-01"] == "2024-03-09"
    assert office.run().outcome == "unchanged"


def test_an_archive_that_shows_all_vintages_of_a_date_finds_each_of_them_again(office):
    office.agency.archive = True
    office.agency.publish("black", "2024-03-01", prices(40))
    office.run()
    assert vintages(office) == ["2024-03-01", "2024-03-01.02"]
    assert office.run().outcome == "unchanged"
    assert office.run(full=True).outcome == "unchanged"
    assert vintages(office) == ["2024-03-01", "2024-03-01.02"]


def test_every_ingested_state_becomes_a_vintage(office):
    for day, start in enumerate((1, 30, 60), 4):
        office.agency.today = f"2024-03-0{day}"
        office.agency.publish("black", "2024-03-01", prices(start))
        assert office.run(stages=frozenset({INGEST})).outcome == "ingested"
    assert vintages(office) == []
    assert office.run(stages=frozenset({TRANSFORM})).outcome == "loaded"
    assert vintages(office) == ["2024-03-01", "2024-03-05", "2024-03-06"]
    assert "60.250000000000000000" in prices_in(office, "2024-03-06")


def test_the_same_figures_ingested_twice_are_one_vintage(office):
    office.run(stages=frozenset({INGEST}))
    office.run(stages=frozenset({INGEST}), full=True)
    office.run()
    assert vintages(office) == ["2024-03-01"]
    assert len([h for h in held_of(office.lake, SOURCE) if h.dataset == "black"]) == 1


def test_new_code_rebuilds_silver_from_bronze_under_the_same_names(office):
    office.agency.today = "2024-03-05"
    office.agency.ports = PORTS[:1]
    office.run()
    office.agency.publish("black", "2024-03-01", prices(50))
    office.run()
    office.agency.ports = None
    office.run()
    office.agency.version = "2"
    office.agency.down_at = 1
    manifest = office.run()
    assert manifest.exit_code == 0
    for vintage, price in (
        ("2024-03-01", "125.000000000000000000"),
        ("2024-03-05", "5025.000000000000000000"),
    ):
        assert price in prices_in(office, vintage)
        named = set(office.lake.held[black(vintage)].table["vintage"].to_pylist())
        assert named == {vintage}
    assert len(office.lake.held[black("2024-03-05")].table) == 8


def test_new_code_in_a_full_run_is_not_a_revision(office):
    office.run()
    office.agency.version = "2"
    office.run(full=True)
    assert vintages(office) == ["2024-03-01"]
    assert "125.000000000000000000" in prices_in(office, "2024-03-01")


def test_silver_that_differs_from_the_manifest_is_rebuilt(office):
    office.run()
    whole = office.lake.held[black("2024-03-01")]
    office.agency.publish("black", "2024-04-01", prices(9))
    office.run()
    office.lake.held[black("2024-03-01")] = office.lake.held[black("2024-04-01")]
    assert office.run().outcome == "loaded"
    assert office.lake.held[black("2024-03-01")].table.equals(whole.table)
    del office.lake.held[black("2024-03-01")]
    office.run()
    assert office.lake.held[black("2024-03-01")].fingerprint == whole.fingerprint


def test_a_narrower_selection_changes_nothing(office):
    office.run()
    before = held_of(office.lake, SOURCE)
    office.agency.ports, office.agency.months = PORTS[:1], MONTHS[:1]
    for _ in range(3):
        assert office.run(full=True).outcome == "unchanged"
    after = held_of(office.lake, SOURCE)
    assert [h.made_from for h in after] == [h.made_from for h in before]


def test_a_sink_that_is_down_does_not_stop_the_lake_and_catches_up(office):
    office.ledger.down = True
    manifest = office.run()
    assert manifest.exit_code == 5
    assert "ledger is down" in manifest.message
    assert {k.layer for k in office.lake.held} == {Layer.SILVER, Layer.CHANGES, Layer.GOLD}
    assert latest_manifest(office.lake, SOURCE).outcome == "failed"
    office.ledger.down = False
    assert office.run().outcome == "loaded"
    assert fingerprints(office.ledger) == fingerprints(office.lake)


def test_load_fills_a_sink_from_the_lake(office):
    office.run()
    office.ledger.held.clear()
    office.agency.down_at = 0
    manifest = office.run(stages=frozenset({LOAD}))
    assert (manifest.exit_code, manifest.outcome) == (0, "loaded")
    assert fingerprints(office.ledger) == fingerprints(office.lake)


def test_the_next_run_removes_the_record_of_a_killed_run(office, monkeypatch):
    class Killed(BaseException):
        pass

    def die(_):
        raise Killed

    first = office.run()
    with monkeypatch.context() as patch:
        # Every ending becomes a manifest, so that only a kill keeps it from the lake.
        patch.setattr(office.lake, "record", die)
        killed = office.run(full=True)
    assert [m.run_id for m in office.ledger.manifests] == [first.run_id, killed.run_id]
    third = office.run(stages=frozenset({LOAD}))
    assert [m.run_id for m in office.ledger.manifests] == [first.run_id, third.run_id]


def test_the_next_run_records_a_run_that_a_sink_missed(office):
    office.ledger.down = True
    missed = office.run()
    office.ledger.down = False
    second = office.run()
    assert [m.run_id for m in office.ledger.manifests] == [missed.run_id, second.run_id]


def test_a_release_is_published_completely_or_not_at_all(office):
    office.run()
    before = dict(office.lake.held)
    for name in ("black", "green"):
        office.agency.publish(name, "2024-04-01", prices(9))
    office.agency.down_at = 4
    assert office.run().exit_code == 5
    assert office.lake.held == before


def test_a_damaged_manifest_is_restored_from_its_copy(office):
    manifest = office.run()
    office.lake.runs[SOURCE, manifest.run_id] = b"{}"
    again = office.run()
    assert (again.outcome, again.holds) == ("unchanged", manifest.holds)
    assert office.lake.manifest(SOURCE, manifest.run_id) == manifest.as_json()
    assert office.lake.aside == [(SOURCE, manifest.run_id)]


def test_vintages_are_found_again_after_a_lost_manifest(office):
    """The agency still offers what that run had loaded: it comes back under its name."""
    first = office.run()
    office.agency.publish("black", "2024-04-01", prices(3))
    second = office.run()
    for place in (office.lake.runs, office.lake.copies):
        place[SOURCE, second.run_id] = b""
    silver = {k: p for k, p in office.lake.held.items() if k.layer == Layer.SILVER}
    third = office.run()
    assert third.exit_code == 0
    assert [(h.dataset, h.vintage.id, h.fingerprint) for h in third.holds] == [
        (h.dataset, h.vintage.id, h.fingerprint) for h in second.holds
    ]
    assert {k: p for k, p in office.lake.held.items() if k.layer == Layer.SILVER} == silver
    assert office.lake.run_ids(SOURCE) == [(SOURCE, first.run_id), (SOURCE, third.run_id)]


def test_a_missing_payload_is_reported_when_it_is_needed(office):
    office.run()
    office.lake.bronze.clear()
    assert office.run().outcome == "unchanged"
    office.agency.version = "2"
    manifest = office.run()
    assert manifest.exit_code == 4
    assert "missing from Bronze" in manifest.message


def test_a_run_may_be_limited_to_one_dataset(office):
    assert office.run(tables=("green",)).outcome == "loaded"
    assert {k.dataset for k in office.lake.held if k.layer == Layer.SILVER} == {"green"}
    assert office.run(tables=("gren",)).message == (
        "tea_prices has no dataset 'gren'; did you mean 'green'?"
    )


def test_a_source_that_cannot_close_does_not_undo_its_run(office, monkeypatch):
    from support.tea import TeaSource

    def fail(_):
        raise OSError("the door is stuck")

    monkeypatch.setattr(TeaSource, "close", fail)
    assert office.run().outcome == "loaded"


def test_the_manifest_names_the_versions_behind_it(office):
    manifest = office.run()
    assert manifest.versions["statpipe-tea"] == "1.0"
    assert (manifest.source, manifest.environment, manifest.command) == (SOURCE, "local", "run")
    assert [(v.dataset, v.rows, v.reason) for v in manifest.vintages] == [
        ("black", 8, "new vintage"),
        ("green", 8, "new vintage"),
    ]
    assert latest_manifest(office.lake, SOURCE) == manifest


def test_the_table_that_made_a_release_unreadable_is_named(office):
    black, green = office.agency.datasets
    (last,) = office.agency.offered(green)
    cell = next(iter(last.figures))
    office.agency.publish(green, last.released, {**last.figures, cell: "1.2.3"})
    manifest = office.run()
    assert [(v.dataset, v.outcome, v.reason) for v in manifest.vintages] == [
        (black, "failed", f"new vintage, but {green} of the same release failed"),
        (green, "failed", "new vintage"),
    ]
