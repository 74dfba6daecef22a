"""
Random sequences of events in a lake: releases, revisions, other selections, other code, refusals,
outages, kills.

An oracle in plain Python, on sets of cells, says after each run which vintages Silver must hold.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from statpipe.api import Layer, PartitionKey
from statpipe.engine.record.records import latest_manifest
from statpipe.engine.runs.run import run_sources
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import open_site
from statpipe.engine.stages.options import INGEST, LOAD, TRANSFORM, Options
from support.examples import examples
from support.fakes import SinksPlugin
from support.fuse import Dead, Fuse, FusedLakePlugin, FusedMemory
from support.oracle import DAYS, Oracle, is_behind, within
from support.tea import (
    DATASETS,
    LATEST,
    MODEL,
    MONTHS,
    PORTS,
    SOURCE,
    Cell,
    TeaAgency,
    TeaPlugin,
    cells,
    family,
)

DATES = ("2024-03-01", "2024-04-01", "2024-05-01")
GOLD = PartitionKey(layer=Layer.GOLD, owner=MODEL)
HISTORY = PartitionKey(layer=Layer.GOLD, owner="tea_history")
MODELS = (LATEST, *(model for model in family() if model.name == "tea_history"))
ALL = frozenset({INGEST, TRANSFORM, LOAD})


class Lives(RuleBasedStateMachine):
    """One lake, one ledger, one agency."""

    @initialize(quiet=st.booleans())
    def found(self, quiet: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="statpipe-test-"))
        # A silent change is dated by the day on which it arrives: here, that of its release.
        self.agency = TeaAgency(quiet=quiet, stamped=True, prompt=True)
        for place, name in enumerate(DATASETS):
            figures = dict.fromkeys(cells(), f"{place + 1}.5")
            self.agency.publish(name, DATES[0], figures)
        self.fuse = Fuse()
        self.ledger = FusedMemory("ledger")
        self.ledger.fuse = self.fuse
        self.oracle = Oracle()
        self.dirty = False
        self.unfinished: set[tuple[str, str]] = set()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    # The agency's life.

    @rule(
        name=st.sampled_from(DATASETS),
        later=st.booleans(),
        cell=st.sampled_from(cells()),
        price=st.sampled_from(["1.5", "2.5", "7", "-", None]),
    )
    def publish(self, name: str, later: bool, cell: Cell, price: str | None) -> None:
        """Figures change or vanish, under a later or the same date."""
        last = self.agency.offered(name)[-1]
        figures = {c: p for c, p in last.figures.items() if c != cell}
        if price is not None or not figures:
            figures[cell] = price or "3"
        dates = [day for day in DATES if day > last.released]
        self.agency.publish(name, dates[0] if later and dates else last.released, figures)

    @rule(name=st.sampled_from(DATASETS))
    def revert(self, name: str) -> None:
        """The agency takes its latest word back."""
        mine = [r for r in self.agency.releases if r.dataset == name]
        if len(mine) > 1 and mine[-2].released == mine[-1].released:
            self.agency.publish(name, mine[-1].released, dict(mine[-2].figures))

    # The operator's life.

    @rule(
        ports=st.sampled_from([None, PORTS[:1], PORTS[1:]]),
        months=st.sampled_from([None, None, MONTHS[:1], MONTHS[1:]]),
    )
    def select(self, ports: tuple[str, ...] | None, months: tuple[str, ...] | None) -> None:
        for name in DATASETS:
            claim = (frozenset(ports or PORTS), frozenset(months or MONTHS))
            if not any(within(claim, c) for c in self.agency.offered(name)[-1].figures):
                return
        self.agency.ports, self.agency.months = ports, months

    @rule(version=st.sampled_from(["1", "2", "3"]))
    def code(self, version: str) -> None:
        self.agency.version = version

    @rule(full=st.booleans(), check=st.sampled_from(["pass", "pass", "warning"]))
    def run(self, full: bool, check: str) -> None:
        self.agency.check = check
        self._clean(full=full)

    @precondition(lambda self: not self.dirty)
    @rule(full=st.booleans())
    def refused(self, full: bool) -> None:
        kept = [k for all_kept in self.oracle.kept.values() for k in all_kept]
        if any(is_behind(k, self.agency) for k in kept if k.silver is not None):
            return  # what other code has read can be compared only once it is rebuilt
        self.agency.check = "error"
        before = self._files()
        accepted = self.oracle.run(self.agency, ALL, full=full)
        manifest = self._run(full=full)
        self.agency.check = "pass"
        assert manifest["exit_code"] == (0 if accepted else 3), manifest["message"]
        self._hold()
        if not accepted and self._silver_in(before) == self._silver_in(self._files()):
            assert manifest["outcome"] == "refused"

    @rule(full=st.booleans())
    def agency_down(self, full: bool) -> None:
        """What is in Bronze already can still be made into Silver."""
        self.agency.check = "pass"
        self.agency.down_at = 0
        self.oracle.run(self.agency, frozenset({TRANSFORM}), full=full)
        manifest = self._run(full=full)
        self.agency.down_at = None
        assert manifest["exit_code"] == 5
        self._hold(gold=False)

    @rule(full=st.booleans())
    def ledger_down(self, full: bool) -> None:
        """The lake is the truth: it is nevertheless brought up to date."""
        self.ledger.down = True
        self.agency.check = "pass"
        accepted = self.oracle.run(self.agency, ALL, full=full)
        manifest = self._run(full=full)
        self.ledger.down = False
        assert accepted
        assert manifest["exit_code"] == 5
        self.dirty = False
        self._hold()

    @rule(stage=st.sampled_from([INGEST, TRANSFORM, LOAD]), full=st.booleans())
    def apart(self, stage: str, full: bool) -> None:
        self.agency.check = "pass"
        stages = frozenset({stage})
        self.oracle.run(self.agency, stages, full=full)
        manifest = self._run(stages=stages, full=full)
        assert manifest["exit_code"] == 0, manifest["message"]
        if stage == TRANSFORM:
            self.dirty = False
        self._hold(gold=stage != INGEST)

    @rule(calls=st.integers(1, 60), full=st.booleans())
    def interrupted(self, calls: int, full: bool) -> None:
        """Ctrl-C at any call, and one run more is a run undisturbed."""
        self.agency.check = "pass"
        self.fuse.set(calls, KeyboardInterrupt, for_ever=False)
        self._run(full=full)
        self.fuse.left = None
        self._clean(full=full)

    @rule(payload=st.integers(1, 4), full=st.booleans(), how=st.sampled_from(["down", "odd"]))
    def cut_short(self, payload: int, full: bool, how: str) -> None:
        """The agency fails at some payload, and one run more is a run undisturbed."""
        self.agency.check = "pass"
        setattr(self.agency, "down_at" if how == "down" else "unreadable_at", payload)
        manifest = self._run(full=full)
        self.agency.down_at = self.agency.unreadable_at = None
        assert manifest["exit_code"] in {0, 5 if how == "down" else 4}
        self._clean(full=full)

    @rule(calls=st.integers(1, 60), full=st.booleans())
    def killed(self, calls: int, full: bool) -> None:
        """A death leaves what its last manifest says; what comes next need not be a run."""
        self.agency.check = "pass"
        runs = self._manifests()
        self.fuse.set(calls, Dead, for_ever=True)
        self._run(full=full)
        self.fuse.left = None
        if self._manifests() != runs:
            self.oracle.run(self.agency, ALL, full=full)
            self._hold()
        else:
            self.dirty = True
            self.unfinished |= self._partitions()

    # How it is done and looked at.

    def _clean(self, *, full: bool) -> None:
        accepted = self.oracle.run(self.agency, ALL, full=full)
        assert accepted
        manifest = self._run(full=full)
        assert manifest["exit_code"] == 0, manifest["message"]
        self.dirty = False
        self._hold()
        self._in_step()

        before = self._files()
        again = self._run()
        assert again["outcome"] == "unchanged", again
        assert not any(r["inserted"] or r["bytes_written"] for r in again["receipts"])
        assert self._files() == before

    def _run(self, *, stages: frozenset[str] = ALL, full: bool = False) -> dict[str, Any]:
        site = self._site()
        try:
            (manifest,) = run_sources(site, [SOURCE], Options(stages=stages, full=full))
        finally:
            site.close()
        document: dict[str, Any] = json.loads(manifest.as_json())
        return document

    def _site(self) -> Any:
        registry = Registry(
            [
                ("tea", "statpipe-tea", "1", TeaPlugin(lambda: self.agency, MODELS)),
                ("lake", "statpipe-lake", "1", FusedLakePlugin(self.fuse)),
                ("ledger", "a test", "1", SinksPlugin(ledger=self.ledger)),
            ]
        )
        assert not registry.broken
        # The ledger comes first: its troubles must not keep anything from the lake.
        sinks: dict[str, Any] = {"ledger": {}, "lake": {}}
        configuration = Configuration(
            path=None,
            home=self.folder,
            document={"environments": {"local": {"sinks": sinks}}, "engine": {"workers": 1}},
            variables={},
        )
        return open_site(configuration, registry, "local")

    @property
    def _root(self) -> Path:
        return self.folder / ".statpipe" / "lake" / "local"

    def _files(self) -> dict[str, tuple[int, bytes]]:
        return {
            str(path.relative_to(self._root)): (path.stat().st_mtime_ns, path.read_bytes())
            for layer in ("silver", "gold")
            for path in (self._root / layer).rglob("*")
            if path.is_file()
        }

    def _silver_in(self, files: dict[str, tuple[int, bytes]]) -> dict[str, bytes]:
        return {path: body for path, (_, body) in files.items() if path.startswith("silver")}

    def _partitions(self) -> set[tuple[str, str]]:
        """What is in Silver; a death may leave there what no manifest names yet."""
        site = self._site()
        try:
            return {(str(k.dataset), str(k.vintage)) for k in site.lake.partitions(SOURCE)}
        finally:
            site.close()

    def _manifests(self) -> list[str]:
        return sorted(path.name for path in (self._root / "runs").rglob("*.json"))

    def _hold(self, *, gold: bool = True) -> None:
        """The lake holds what the oracle says, cell by cell, and its manifest says the same."""
        if self.dirty:
            return
        site = self._site()
        try:
            lake = site.lake
            manifest = latest_manifest(lake, SOURCE)
            assert manifest is not None
            held = {(h.dataset, h.vintage.id): h for h in manifest.holds}
            assert set(held) == {(n, k.id) for n, kept in self.oracle.kept.items() for k in kept}
            published = {key for key, h in held.items() if h.fingerprint}
            found = {}
            for key in lake.partitions(SOURCE):
                name = (str(key.dataset), str(key.vintage))
                assert name in published | self.unfinished
                if name in published:
                    assert lake.fingerprint(key) == held[name].fingerprint
                    table = lake.read(key)
                    assert set(table["vintage"].to_pylist()) == {key.vintage}
                    found[name] = prices_in(table.to_pylist(), "obs_value")
            assert found == self.oracle.silver()
            if gold and published:
                self._gold_holds(lake)
        finally:
            site.close()

    def _gold_holds(self, lake: Any) -> None:
        """Whatever day is asked for, Gold gives the figures of that day."""
        rows = lake.read(HISTORY).to_pylist()
        for day in DAYS:
            at = date.fromisoformat(day)
            found = [row for row in rows if row["realtime_start"] <= at <= row["realtime_end"]]
            as_of = {
                (row["dataset"], (row["ref_area"], row["category"], row["time_period"])): decimal(
                    row["value"]
                )
                for row in found
            }
            assert len(as_of) == len(found)
            assert as_of == self.oracle.believed(day)
        latest = {
            (row["dataset"], (row["port"], row["grade"], row["time_period"])): decimal(row["price"])
            for row in lake.read(GOLD).to_pylist()
        }
        assert latest == self.oracle.believed(DAYS[-1])

    def _in_step(self) -> None:
        """Every sink holds the Gold that the lake holds."""
        site = self._site()
        try:
            assert site.lake.fingerprint(GOLD) == self.ledger.held[GOLD].fingerprint
            assert site.lake.read(GOLD).to_pylist() == self.ledger.held[GOLD].table.to_pylist()
        finally:
            site.close()


def prices_in(rows: list[dict[str, Any]], column: str) -> dict[Cell, str]:
    return {
        (row["ref_area"], row["category"], row["time_period"]): decimal(row[column]) for row in rows
    }


def decimal(value: Any) -> str:
    return "-" if value is None else f"{value:.8f}"


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=examples(10, 40), stateful_step_count=14, deadline=None)
