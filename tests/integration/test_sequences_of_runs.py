"""Any sequence of releases, revisions, runs, troubles and crashes, against a model in plain Python."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from statpipe.api import (
    Component,
    ContentError,
    Layer,
    Partition,
    PartitionKey,
    Receipt,
    Selection,
    Sink,
    Unavailable,
    hookimpl,
)
from statpipe.engine.configuration import Configuration
from statpipe.engine.options import INGEST, TRANSFORM, Options
from statpipe.engine.records import held_of
from statpipe.engine.registry import Registry
from statpipe.engine.run import run_sources
from statpipe.engine.site import open_site
from statpipe_lake import plugin as lake_plugin
from statpipe_lake import sink as lake_sink
from support.tiny import Agency, Cell, inside, plugin

NAMES = ("assam", "ceylon")
DAYS = (date(2025, 1, 10), date(2025, 2, 10), date(2025, 3, 10))
CELLS = [(a, c, p) for a in ("N", "S") for c in ("black", "green") for p in ("2024-11", "2024-12")]
figures = st.dictionaries(
    st.sampled_from(CELLS), st.sampled_from(["1.5", "2.25", "100", None]), min_size=1
)
selections = st.sampled_from(
    [
        Selection(),
        Selection(areas=["N"]),
        Selection(categories=["black"]),
        Selection(periods=["2024-12"]),
    ]
)


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it, save the very outside."""


class Memory(Sink):
    """A sink for Gold that can be down."""

    layers = frozenset({Layer.GOLD})

    def __init__(self) -> None:
        self.tables: dict[str, tuple[str, Any]] = {}
        self.down = False

    def fingerprint(self, key: PartitionKey) -> str | None:
        self._answer()
        return self.tables.get(key.path, (None, None))[0]

    def write(self, partition: Partition) -> Receipt:
        self._answer()
        self.tables[partition.key.path] = (partition.fingerprint, partition.table)
        return Receipt(
            sink="memory",
            path=partition.key.path,
            fingerprint=partition.fingerprint,
            rows=len(partition.table),
            inserted=len(partition.table),
        )

    def _answer(self) -> None:
        if self.down:
            raise Unavailable("the memory is gone; run again later")


class Vintages:
    """The model: what Silver must hold of one dataset. Name of vintage -> (cells, asked for)."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[dict[Cell, str | None], list[Selection]]] = {}

    def take(self, day: date, fresh: dict[Cell, str | None], asked: Selection) -> None:
        fresh = {cell: value for cell, value in fresh.items() if inside(asked, cell)}
        names = sorted(n for n in self.held if n.startswith(day.isoformat()))
        for name in reversed(names):
            if self.held[name][0] == fresh:
                self.held[name][1].append(asked)
                return
        if names:
            old, selections = self.held[names[-1]]
            both = lambda cell: inside(asked, cell) and claimed(selections, cell)  # noqa: E731
            if {c: v for c, v in old.items() if inside(asked, c)} == {
                c: v for c, v in fresh.items() if both(c)
            }:
                merged = {c: v for c, v in old.items() if not inside(asked, c)} | fresh
                self.held[names[-1]] = (merged, [*selections, asked])
                return
        number = len(names) + 1
        name = day.isoformat() if number == 1 else f"{day.isoformat()}.{number:02d}"
        self.held[name] = (fresh, [asked])

    def latest(self) -> dict[Cell, tuple[str, str | None]]:
        found: dict[Cell, tuple[str, str | None]] = {}
        for name in sorted(self.held):
            found |= {cell: (name, value) for cell, value in self.held[name][0].items()}
        return found


def claimed(selections: list[Selection], cell: Cell) -> bool:
    return any(inside(selection, cell) for selection in selections)


class Runs(RuleBasedStateMachine):
    """Every rule ends with the lake as the model says."""

    @initialize(first=figures)
    def begin(self, first: dict[Cell, str | None]) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="statpipe-sequences-"))
        self.agency = Agency()
        self.agency.releases = {name: [(DAYS[0], dict(first))] for name in NAMES}
        self.memory = Memory()
        self.model = {name: Vintages() for name in NAMES}
        self.puts = 0
        self.kill_at: int | None = None
        self.settled = False

    def teardown(self) -> None:
        shutil.rmtree(getattr(self, "home", Path("/nonexistent")), ignore_errors=True)

    # --- what the agency does -------------------------------------------------------------

    @rule(name=st.sampled_from(NAMES), fresh=figures)
    def the_agency_releases(self, name: str, fresh: dict[Cell, str | None]) -> None:
        day = self.agency.now(name)[0]
        later = [other for other in DAYS if other > day]
        if later:
            self.agency.releases[name].append((later[0], fresh))

    @rule(name=st.sampled_from(NAMES), fresh=figures)
    def figures_move_under_an_unchanged_date(
        self, name: str, fresh: dict[Cell, str | None]
    ) -> None:
        day, old = self.agency.now(name)
        self.agency.releases[name].append((day, old | fresh))

    @rule(name=st.sampled_from(NAMES), selection=selections)
    def another_selection_is_configured(self, name: str, selection: Selection) -> None:
        if any(inside(selection, cell) for cell in self.agency.now(name)[1]):
            self.agency.selection[name] = selection

    # --- what the operator does -----------------------------------------------------------

    @rule(full=st.booleans())
    def a_run(self, full: bool) -> None:
        before = self.files()
        expected = self.expected(full)
        (manifest,) = self.run(Options(full=full))
        assert manifest.exit_code == 0, manifest.message
        self.follow(expected)
        if manifest.outcome == "unchanged":
            assert self.files() == before
        self.settled = True

    @rule()
    def a_run_twice(self) -> None:
        self.a_run(full=False)
        before = self.files()
        (manifest,) = self.run(Options())
        assert manifest.outcome == "unchanged"
        assert self.files() == before
        assert not any(receipt.changed for receipt in manifest.receipts)

    @rule()
    def the_stages_apart(self) -> None:
        expected = self.expected(full=False)
        (ingested,) = self.run(Options(stages=frozenset({INGEST}), command="ingest"))
        assert ingested.exit_code == 0, ingested.message
        (transformed,) = self.run(Options(stages=frozenset({TRANSFORM}), command="transform"))
        assert transformed.exit_code == 0, transformed.message
        self.follow(expected)
        self.settled = False

    @rule()
    def the_code_changes(self) -> None:
        self.agency.version = str(int(self.agency.version) + 1)
        self.a_run(full=False)

    # --- what goes wrong ------------------------------------------------------------------

    @rule(after=st.integers(0, 4))
    def the_agency_is_down(self, after: int) -> None:
        self.agency.trouble = Unavailable("the agency sleeps; run again later")
        self.agency.trouble_after = self.agency.asked + after
        before = self.files()
        expected = self.expected(full=True)
        (manifest,) = self.run(Options(full=True))
        self.agency.trouble = None
        if manifest.exit_code == 0:
            self.follow(expected)
        else:
            assert manifest.exit_code == 5
            # A release is published whole: those before it may be there.
            assert set(before) <= set(self.files())
            self.a_run(full=True)

    @rule()
    def an_answer_is_odd(self) -> None:
        self.agency.trouble = ContentError("payload odd: nonsense; expected sense")
        self.agency.trouble_after = self.agency.asked
        before = self.files()
        (manifest,) = self.run(Options(full=True))
        self.agency.trouble = None
        assert manifest.exit_code == 4
        assert self.files() == before

    @rule(name=st.sampled_from(NAMES))
    def a_check_refuses(self, name: str) -> None:
        self.a_run(full=False)
        before = self.files()
        day, old = self.agency.now(name)
        self.agency.releases[name].append((day, old | {CELLS[0]: "77"}))
        changed = inside(self.agency.selection.get(name, Selection()), CELLS[0]) and (
            old.get(CELLS[0]) != "77"
        )
        self.agency.refuse = {name}
        (manifest,) = self.run(Options(full=True))
        self.agency.refuse = set()
        assert manifest.exit_code == (3 if changed else 0)
        if changed:
            assert self.files() == before

    @rule()
    def a_sink_is_down(self) -> None:
        self.memory.down = True
        expected = self.expected(full=False)
        (manifest,) = self.run(Options())
        self.memory.down = False
        assert manifest.exit_code == 5
        self.follow(expected)
        self.a_run(full=False)

    @rule(at=st.integers(1, 12))
    def the_process_is_killed(self, at: int) -> None:
        expected = self.expected(full=True)
        self.puts, self.kill_at = 0, at
        try:
            self.run(Options(full=True))
        except Killed:
            pass
        finally:
            self.kill_at = None
        (manifest,) = self.run(Options(full=True))
        assert manifest.exit_code == 0, manifest.message
        self.follow(expected)
        self.settled = True

    @precondition(lambda self: self.settled)
    @rule(layer=st.sampled_from(["silver", "gold"]))
    def a_layer_is_lost(self, layer: str) -> None:
        before = self.files()
        shutil.rmtree(self.lake / layer)
        expected = self.expected(full=False)
        if not expected:
            (manifest,) = self.run(Options())
            assert manifest.exit_code == 0, manifest.message
            assert self.files() == before
        else:
            self.a_run(full=False)

    # --- what must hold -------------------------------------------------------------------

    @invariant()
    def silver_is_what_the_model_says(self) -> None:
        if not hasattr(self, "home"):
            return
        with self.site() as site:
            held = held_of(site.lake, "tea")
            for name in NAMES:
                mine = {h.vintage.id: h for h in held if h.dataset == name}
                assert set(mine) == set(self.model[name].held)
                for vintage, (cells, _) in self.model[name].held.items():
                    key = PartitionKey(
                        layer=Layer.SILVER, owner="tea", dataset=name, vintage=vintage
                    )
                    rows = site.lake.read(key).to_pylist()
                    found = {
                        (r["ref_area"], r["category"], r["time_period"]): r["obs_value"]
                        for r in rows
                    }
                    assert found == {c: None if v is None else Decimal(v) for c, v in cells.items()}
                    assert site.lake.fingerprint(key) == mine[vintage].fingerprint

    @invariant()
    def gold_is_the_latest_of_every_cell_in_every_sink(self) -> None:
        if not getattr(self, "settled", False):
            return
        fingerprint, table = self.memory.tables["gold/tea_latest"]
        expected = {
            (name, *cell): (vintage, None if value is None else Decimal(value))
            for name in NAMES
            for cell, (vintage, value) in self.model[name].latest().items()
        }
        found = {
            (r["dataset"], r["ref_area"], r["category"], r["time_period"]): (
                r["vintage"],
                r["price"],
            )
            for r in table.to_pylist()
        }
        assert found == expected
        with self.site() as site:
            key = PartitionKey(layer=Layer.GOLD, owner="tea_latest")
            assert site.lake.fingerprint(key) == fingerprint
            assert site.lake.read(key).to_pylist() == table.to_pylist()

    # --- how ------------------------------------------------------------------------------

    @property
    def lake(self) -> Path:
        return self.home / ".statpipe" / "lake" / "local"

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.lake)): path.read_bytes()
            for layer in ("silver", "gold")
            for path in (self.lake / layer).rglob("*")
            if path.is_file()
        }

    def expected(self, full: bool) -> dict[str, tuple[date, dict[Cell, str | None], Selection]]:
        """What the next run will take from each dataset, if it takes anything."""
        return {
            name: (*self.agency.now(name), self.agency.selection.get(name, Selection()))
            for name in NAMES
            if full or not self.known(name)
        }

    def known(self, name: str) -> bool:
        day, fresh = self.agency.now(name)
        asked = self.agency.selection.get(name, Selection())
        names = sorted(n for n in self.model[name].held if n.startswith(day.isoformat()))
        if not names:
            return False
        cells, selections = self.model[name].held[names[-1]]
        now = {c: v for c, v in fresh.items() if inside(asked, c)}
        return {c: v for c, v in cells.items() if inside(asked, c)} == now and all(
            claimed(selections, cell) for cell in now
        )

    def follow(self, expected: dict[str, Any]) -> None:
        for name, (day, fresh, asked) in expected.items():
            self.model[name].take(day, fresh, asked)

    def run(self, options: Options) -> list[Any]:
        with self.site() as site:
            return run_sources(site, ["tea"], options)

    def site(self) -> Any:
        registry = Registry(
            [
                ("lake", "statpipe-lake", "1", lake_plugin),
                ("tiny", "tiny", "1", plugin(self.agency)),
                ("memory", "memory", "1", _offering(self.memory)),
            ]
        )
        assert not registry.broken
        configuration = Configuration(path=None, home=self.home, document={}, variables={})
        site = open_site(configuration, registry, "local")
        self._kill_on_put(site.lake)
        return _Closing(site)

    def _kill_on_put(self, lake: lake_sink.LakeSink) -> None:
        objects = lake._objects
        for method in ("put", "put_if_absent"):
            original = getattr(objects, method)

            def counted(*arguments: Any, original: Any = original) -> Any:
                self.puts += 1
                if self.kill_at is not None and self.puts >= self.kill_at:
                    raise Killed
                return original(*arguments)

            setattr(objects, method, counted)


class _Closing:
    def __init__(self, site: Any) -> None:
        self.site = site

    def __enter__(self) -> Any:
        return self.site

    def __exit__(self, *_: object) -> None:
        self.site.close()


def _offering(memory: Memory) -> Any:
    from types import SimpleNamespace

    @hookimpl
    def statpipe_sinks() -> list[Component]:
        return [Component(name="memory", summary="In memory", factory=lambda _: memory)]

    return SimpleNamespace(statpipe_sinks=statpipe_sinks)


TestRuns = Runs.TestCase
TestRuns.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
