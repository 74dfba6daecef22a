"""
Random lives of a lake: releases, revisions, other selections, other code, refusals, outages, deaths.

An oracle in plain Python, on sets of cells, says after each run which vintages Silver must hold.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from statpipe.api import Component, Layer, PartitionKey, hookimpl
from statpipe.engine.record.records import latest_manifest
from statpipe.engine.runs.run import run_sources
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import open_site
from statpipe.engine.stages.options import INGEST, LOAD, TRANSFORM, Options
from statpipe_lake.settings import LakeSettings
from statpipe_lake.sink import LakeSink
from support.examples import examples
from support.fakes import MemorySink, SinksPlugin
from support.tea import (
    DATASETS,
    FACTORS,
    LATEST,
    MODEL,
    MONTHS,
    PORTS,
    SOURCE,
    Cell,
    Figures,
    TeaAgency,
    TeaPlugin,
    cells,
    family,
)

DATES = ("2024-03-01", "2024-04-01", "2024-05-01")
DAYS = ("2024-02-29", "2024-03-01", "2024-03-31", "2024-04-01", "2024-05-01", "9999-12-31")
GOLD = PartitionKey(layer=Layer.GOLD, owner=MODEL)
HISTORY = PartitionKey(layer=Layer.GOLD, owner="tea_history")
MODELS = (LATEST, *(model for model in family() if model.name == "tea_history"))
ALL = frozenset({INGEST, TRANSFORM, LOAD})

Claim = tuple[frozenset[str] | None, frozenset[str] | None]
"""Ports and months that were asked for; ``None`` is all."""


# --- What dies, and when ---------------------------------------------------------------------


class Dead(BaseException):
    """The process is gone: whatever it would still do, it does not."""


class Fuse:
    """Burns down with each call of a lake or sink; then it raises, once or always."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.error: type[BaseException] = Dead
        self.for_ever = True

    def set(self, calls: int, error: type[BaseException], *, for_ever: bool) -> None:
        self.left, self.error, self.for_ever = calls, error, for_ever

    def burn(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left == 0 or (self.left < 0 and self.for_ever):
            raise self.error


def fused(sink_type: type) -> type:
    """Make a sink whose every call burns the fuse, and half of whose deaths come after the work."""

    def calling(name: str) -> Any:
        def call(self: Any, *arguments: Any) -> Any:
            self.fuse.burn()
            answer = getattr(sink_type, name)(self, *arguments)
            self.fuse.burn()
            return answer

        return call

    names = [
        "fingerprint",
        "write",
        "record",
        "keep",
        "payload",
        "partitions",
        "read",
        "run_ids",
        "manifest",
    ]
    return type(
        f"Fused{sink_type.__name__}",
        (sink_type,),
        {name: calling(name) for name in names if hasattr(sink_type, name)},
    )


FusedLake, FusedMemory = fused(LakeSink), fused(MemorySink)


class FusedLakePlugin:
    """The real lake, with a fuse."""

    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    @hookimpl
    def statpipe_sinks(self) -> list[Component]:
        return [Component(name="lake", summary="A lake", settings=LakeSettings, factory=self._make)]

    def _make(self, settings: LakeSettings) -> Any:
        lake = FusedLake(settings)
        lake.fuse = self._fuse
        return lake


# --- The oracle ------------------------------------------------------------------------------


def within(claim: Claim, cell: Cell) -> bool:
    return all(
        codes is None or x in codes for codes, x in zip(claim, (cell[0], cell[2]), strict=True)
    )


def covers(one: Claim, other: Claim) -> bool:
    return all(a is None or (b is not None and b <= a) for a, b in zip(one, other, strict=True))


def together(old: Claim, new: Claim) -> Claim:
    """Both claims, where that is a box; else the newer one."""
    if covers(old, new) or covers(new, old):
        return old if covers(old, new) else new
    differing = [i for i in (0, 1) if old[i] != new[i]]
    if len(differing) > 1:
        return new
    joined = list(new)
    joined[differing[0]] = old[differing[0]] | new[differing[0]]  # type: ignore[operator]
    return joined[0], joined[1]


@attrs.define
class Kept:
    """A vintage of a dataset that the lake holds. ``silver`` is ``None`` while it is in Bronze."""

    date: str
    sequence: int
    token: str
    claim: Claim
    bronze: Figures
    code: str
    silver: Figures | None = None

    @property
    def id(self) -> str:
        return self.date if self.sequence == 1 else f"{self.date}.{self.sequence:02d}"


class Oracle:
    """What the lake must hold, told in sets of cells."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Kept]] = {name: [] for name in DATASETS}

    def copy(self) -> Oracle:
        other = Oracle()
        other.kept = {name: [attrs.evolve(k) for k in kept] for name, kept in self.kept.items()}
        return other

    def run(self, agency: TeaAgency, stages: frozenset[str], *, full: bool) -> bool:
        """Do what a run must do; tell whether it was accepted."""
        refusing = agency.check == "error"
        accepted = True
        if TRANSFORM in stages:
            behind = [k for kept in self.kept.values() for k in kept if is_behind(k, agency)]
            accepted = not (behind and refusing)
            if accepted:
                for name in DATASETS:
                    self._remake(name, agency)
        if INGEST in stages:
            accepted = self._ingest(agency, stages, full, refusing) and accepted
        return accepted

    def _ingest(
        self, agency: TeaAgency, stages: frozenset[str], full: bool, refusing: bool
    ) -> bool:
        wanted: dict[str, list[tuple[str, Kept]]] = {}
        for name in DATASETS:
            fresh = offered(agency, name)
            known = [k for k in self.kept[name] if k.date == fresh.date]
            unchanged = (
                known and known[-1].token == fresh.token and covers(known[-1].claim, fresh.claim)
            )
            if full or not unchanged:
                wanted.setdefault(fresh.date, []).append((name, fresh))
        for day in sorted(wanted):
            if TRANSFORM not in stages:
                for name, fresh in wanted[day]:
                    known = [k for k in self.kept[name] if k.date == day]
                    fresh.sequence = known[-1].sequence + 1 if known else 1
                    self._put(name, fresh)
                continue
            before = self.copy()
            news = [self._take(name, fresh) for name, fresh in wanted[day]]
            if refusing and any(news):
                self.kept = before.kept
                return False
        return True

    def _remake(self, name: str, agency: TeaAgency) -> None:
        for kept in list(self.kept[name]):
            if kept.silver is None:
                self.kept[name].remove(kept)
                kept.code = agency.version
                self._take(name, kept)
            kept.code = agency.version

    def _take(self, name: str, fresh: Kept) -> bool:
        """Publish; tell whether that changed anything."""
        known = [k for k in self.kept[name] if k.date == fresh.date and k.silver is not None]
        last = known[-1] if known else None
        if last is not None and last.silver is not None:
            old = {c: v for c, v in last.silver.items() if within(fresh.claim, c)}
            new = {
                c: v for c, v in fresh.bronze.items() if within(last.claim, c) or c in last.silver
            }
            if last.silver == fresh.bronze or old == new:
                grown = not fresh.bronze.items() <= last.silver.items()
                last.silver = last.silver | fresh.bronze
                last.claim, last.token = together(last.claim, fresh.claim), fresh.token
                return grown
        fresh.sequence = last.sequence + 1 if last else 1
        fresh.silver = fresh.bronze
        self._put(name, fresh)
        return True

    def _put(self, name: str, fresh: Kept) -> None:
        self.kept[name].append(fresh)
        self.kept[name].sort(key=lambda k: (k.date, k.sequence))

    def silver(self) -> dict[tuple[str, str], dict[Cell, str]]:
        return {
            (name, kept.id): {cell: shown(price, kept.code) for cell, price in kept.silver.items()}
            for name, all_kept in self.kept.items()
            for kept in all_kept
            if kept.silver is not None
        }

    def believed(self, day: str) -> dict[tuple[str, Cell], str]:
        """What was the latest figure of each cell at the end of a day."""
        found: dict[tuple[str, Cell], str] = {}
        for name, all_kept in self.kept.items():
            belief: dict[Cell, str] = {}
            for kept in all_kept:
                if kept.silver is not None and kept.date <= day:
                    # What was asked for and did not come was dropped.
                    belief = {c: p for c, p in belief.items() if not within(kept.claim, c)}
                    belief |= {c: shown(p, kept.code) for c, p in kept.silver.items()}
            found |= {(name, cell): price for cell, price in belief.items()}
        return found


def is_behind(kept: Kept, agency: TeaAgency) -> bool:
    return kept.silver is None or kept.code != agency.version


def offered(agency: TeaAgency, name: str) -> Kept:
    """What the agency offers of a dataset now."""
    release = agency.offered(name)[-1]
    claim: Claim = (
        frozenset(agency.ports) if agency.ports else None,
        frozenset(agency.months) if agency.months else None,
    )
    token = release.released if agency.quiet else f"{release.released}{release.figures}"
    cut = {cell: price for cell, price in release.figures.items() if within(claim, cell)}
    return Kept(release.released, 1, token, claim, cut, agency.version)


def shown(price: str, code: str) -> str:
    from decimal import Decimal

    return "-" if price == "-" else f"{Decimal(price) * FACTORS.get(code, Decimal(1)):.8f}"


# --- The machine -----------------------------------------------------------------------------


class Lives(RuleBasedStateMachine):
    """One lake, one ledger, one agency."""

    @initialize(quiet=st.booleans())
    def found(self, quiet: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="statpipe-test-"))
        self.agency = TeaAgency(quiet=quiet, stamped=True)
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
            return  # what other code has read can be compared only once it is made anew
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
        """The lake is the truth: it is brought up to date all the same."""
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
        """What lies in Silver; a death may leave there what no manifest names yet."""
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
        """Whatever day is asked for, Gold says what was believed then."""
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
