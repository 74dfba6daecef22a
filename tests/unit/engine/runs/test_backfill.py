"""Older vintages from an archive: release by release, resumable, Gold once."""

from __future__ import annotations

from datetime import date

import pytest
from structlog.testing import capture_logs

from statpipe.api import ConfigError, Layer, hookimpl
from statpipe.engine.gold.maker import gold_key
from statpipe.engine.runs.backfill import Step, backfill
from statpipe.engine.stages.options import Options
from support.fakes import MemoryLake, MemorySink
from support.tea import DATASETS, LATEST, PORTS, SOURCE, Release, prices

DAYS = ("2024-01-01", "2024-02-01", "2024-03-01")
GOLD = gold_key(LATEST)


@pytest.fixture
def old(office):
    """An agency with three releases; a run of today sees the last one only."""
    office.agency.releases = [
        Release(dataset=name, released=day, figures=prices(10 * number))
        for number, day in enumerate(DAYS, 1)
        for name in DATASETS
    ]
    office.agency.stamped = False
    return office


def bring(office, *places, tell=None, **options):
    site = office.site()
    try:
        wanted = Options(command="backfill", **options)
        return backfill(site, SOURCE, places or ("cellar",), wanted, tell=tell)
    finally:
        site.close()


def silver(office):
    return sorted((k.dataset, k.vintage) for k in office.lake.held if k.layer is Layer.SILVER)


def held(sink):
    held = sink.held.items()
    return {key.path: p.fingerprint for key, p in held if key.layer is not Layer.CHANGES}


def calls(office, *names):
    return [call for call in office.lake.calls if call.split()[0] in names]


class Watching:
    """Changes the agency as soon as a vintage is on its way."""

    def __init__(self, change):
        self._change = change

    @hookimpl
    def statpipe_vintage_found(self, event):
        self._change(event.vintage.id)


def test_each_release_has_its_own_run_and_gold_is_computed_once_at_the_end(old):
    steps = []
    manifests = bring(old, tell=steps.append)
    assert steps == [
        Step(number=n, of=3, released=date.fromisoformat(day)) for n, day in enumerate(DAYS, 1)
    ]
    assert [[v.vintage for v in m.vintages] for m in manifests] == [[day, day] for day in DAYS] + [
        []
    ]
    assert {(m.command, m.outcome, m.exit_code) for m in manifests} == {("backfill", "loaded", 0)}
    assert silver(old) == sorted((name, day) for name in DATASETS for day in DAYS)
    gold = [[r.path for r in m.receipts if r.path == GOLD.path] for m in manifests]
    assert gold == [[], [], [], [GOLD.path, GOLD.path]]
    assert held(old.ledger) == held(old.lake)


def test_a_backfill_gives_the_same_result_as_daily_runs(old):
    everything = old.agency.releases
    for day in DAYS:
        old.agency.releases = [r for r in everything if r.released <= day]
        old.run()
    by_day, old.lake.held = held(old.lake), {}
    old.lake.runs.clear()
    bring(old)
    assert held(old.lake) == by_day


def test_a_second_backfill_is_unchanged_and_writes_nothing(old):
    bring(old)
    before, _ = held(old.lake), old.lake.calls.clear()
    manifests = bring(old)
    assert {(m.outcome, m.receipts) for m in manifests} == {("unchanged", ())}
    assert held(old.lake) == before
    assert calls(old, "write", "keep") == []


def test_a_refused_release_does_not_stop_the_others(old):
    def taste(vintage):
        old.agency.check = "error" if vintage == DAYS[1] else "pass"

    old.watching.append(Watching(taste))
    manifests = bring(old)
    assert [(m.outcome, m.exit_code) for m in manifests] == [
        ("loaded", 0),
        ("refused", 3),
        ("loaded", 0),
        ("loaded", 0),
    ]
    assert {vintage for _, vintage in silver(old)} == {DAYS[0], DAYS[2]}
    assert GOLD in old.ledger.held
    old.watching.clear()
    assert [m.outcome for m in bring(old)] == ["unchanged", "loaded", "unchanged", "loaded"]


def test_an_unreadable_release_does_not_stop_the_others(old):
    old.agency.unreadable_at = 5
    manifests = bring(old)
    assert [m.exit_code for m in manifests] == [0, 4, 0, 0]
    start, _, kept = manifests[1].message.partition(" (kept as ")
    assert start == "payload black-CAL: a page of poetry; look at it in Bronze"
    assert kept.removesuffix(")") in old.lake.bronze
    assert {vintage for _, vintage in silver(old)} == {DAYS[0], DAYS[2]}
    assert GOLD in old.ledger.held


def test_a_backfill_stopped_by_the_agency_is_resumed(old):
    old.agency.down_at = 5
    assert [m.exit_code for m in bring(old)] == [0, 5]
    assert {vintage for _, vintage in silver(old)} == {DAYS[0]}
    assert GOLD not in old.lake.held
    old.agency.down_at = None
    assert [m.outcome for m in bring(old)] == ["unchanged", "loaded", "loaded", "loaded"]
    assert {vintage for _, vintage in silver(old)} == set(DAYS)


def test_an_unreadable_file_is_a_failed_run_and_kept_in_bronze(old):
    manifests = bring(old, "cellar", "damp-corner")
    assert [m.exit_code for m in manifests] == [0, 0, 0, 4, 0]
    start = "payload damp-corner: mould; expected prices (kept as bronze/tea_prices/black/"
    assert manifests[3].message.startswith(start)
    assert {vintage for _, vintage in silver(old)} == set(DAYS)
    assert b"mould" in {payload.body for payload in old.lake.bronze.values()}


def test_a_completely_damaged_archive_ends_with_the_error(old):
    old.agency.releases = []
    assert [m.exit_code for m in bring(old, "damp-corner")] == [4, 0]


def test_figures_loaded_from_the_agency_are_the_same_vintage(old):
    """Neither the archive nor the agency is asked again for what both have brought."""
    old.agency.quiet = True  # a probe sees something else than the archive's table of contents
    old.run()
    before = held(old.lake)
    first, second, third, last = bring(old)
    assert [m.outcome for m in (first, second, third)] == ["loaded", "loaded", "unchanged"]
    assert {v.reason for v in third.vintages} == {"note or headline figures changed"}
    assert silver(old) == sorted((name, day) for name in DATASETS for day in DAYS)
    assert {
        path: f for path, f in held(old.lake).items() if path in before and "silver" in path
    } == {path: f for path, f in before.items() if "silver" in path}
    assert last.outcome == "loaded"
    old.lake.calls.clear()
    assert old.run().outcome == "unchanged"
    assert {m.outcome for m in bring(old)} == {"unchanged"}
    assert old.run().outcome == "unchanged"
    assert calls(old, "keep", "write") == []


def test_a_release_is_matched_with_any_vintage_of_its_date(old):
    """What the archive holds may be any vintage of its date, not the last one only."""
    bring(old)
    archived, old.agency.releases = old.agency.releases, []
    for name in DATASETS:
        old.agency.publish(name, DAYS[-1], prices(70))
    old.agency.today = "2024-05-02"
    old.run()
    assert ("black", "2024-05-02") in silver(old)
    old.agency.releases = archived
    assert {m.outcome for m in bring(old)} == {"unchanged"}
    assert len([one for one in silver(old) if one[0] == "black"]) == len(DAYS) + 1


def test_only_requested_tables_are_loaded(old):
    bring(old, tables=("green",))
    assert {dataset for dataset, _ in silver(old)} == {"green"}


def test_another_run_of_the_source_stops_it(old):
    old.lake.holders[SOURCE] = "another"
    (manifest,) = bring(old)
    assert manifest.exit_code == 6
    assert "locked by run another" in manifest.message


@pytest.mark.parametrize(
    ("places", "tables", "says"),
    [
        (("nowhere",), (), "nowhere does not exist; name a cellar that does"),
        (("cellar",), ("blak",), "tea_prices has no dataset 'blak'; did you mean 'black'?"),
    ],
)
def test_invalid_options_are_reported_before_any_run(old, places, tables, says):
    with pytest.raises(ConfigError) as caught:
        bring(old, *places, tables=tables)
    assert says in str(caught.value)
    assert old.lake.runs == {}


def test_an_empty_archive_is_reported_with_a_remedy(old):
    old.agency.releases = []
    with pytest.raises(ConfigError) as caught:
        bring(old, "a", "b")
    assert str(caught.value) == (
        "tea_prices: a, b has no release of black, green; give folders, files or URLs "
        "of the agency's older releases"
    )


class Dead(BaseException):
    """The process is gone: whatever it would still do, it does not."""


class MortalLake(MemoryLake):
    """Lives for a number of calls, and without end if none is given."""

    def __init__(self, calls: int | None = None) -> None:
        super().__init__()
        self.left = calls

    def _call(self, what, detail):
        super()._call(what, detail)
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                raise Dead


@pytest.mark.slow
def test_a_second_backfill_completes_one_killed_at_any_call(old):
    old.agency.datasets, old.agency.ports = DATASETS[:1], PORTS[:1]
    old.agency.releases = old.agency.releases[: 2 * len(DATASETS)]

    def life(calls):
        old.lake, old.ledger = MortalLake(calls), MemorySink("ledger")
        try:
            died = calls is not None and any(m.exit_code for m in bring(old))
        except Dead:
            died = True
        old.lake.left = None
        manifests = bring(old) if died or calls is None else []
        releases = [m.outcome for m in manifests[:-1]]
        assert {m.exit_code for m in manifests} <= {0}
        assert releases == sorted(releases, reverse=True), "what was done is not done again"
        return held(old.lake), held(old.ledger)

    with capture_logs():  # each death has a traceback
        undisturbed = life(None)
        for moment in range(1, len(old.lake.calls)):
            assert life(moment) == undisturbed, moment
