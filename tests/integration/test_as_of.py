"""
Whatever day is asked for, database and lake give the figures of that day.

Vintages arrive in any order, with parts of the cells asked for, cells dropped and coming back; loads
die halfway, are repeated, begin anew. An oracle in plain Python replays the releases day by day.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from statpipe.api import Environment, Held, Layer, Partition, PartitionKey, Selection
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.seal import seal
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.state import State, silver_key
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.observers import Observers
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site
from statpipe.engine.stages.load import Load
from statpipe_lake.settings import LakeSettings
from statpipe_lake.sink import LakeSink
from statpipe_postgres.settings import PostgresSettings
from statpipe_postgres.sink import PostgresSink
from support.examples import examples
from support.tea import (
    DATASETS,
    GRADES,
    MONTHS,
    PORTS,
    SOURCE,
    TeaAgency,
    TeaPlugin,
    family,
    tea_dataset,
)

DATES = ("2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01")
DAYS = (
    "2024-02-01",
    "2024-03-01",
    "2024-03-31",
    "2024-04-15",
    "2024-05-01",
    "2024-06-01",
    "9999-12-31",
)
MODELS = [m for m in family() if m.name in {"tea", "tea_history", "tea_category", "tea_area"}]
HISTORY = PartitionKey(layer=Layer.GOLD, owner="tea_history")

Cell = tuple[str, str, str]
CELLS = [(p, g, m) for p in PORTS for g in GRADES[:1] for m in MONTHS]

_numbers = itertools.count(1)


class Dead(BaseException):
    """The process is gone in the middle of a statement."""


@attrs.frozen
class Release:
    """A vintage of a dataset: what was asked for, and what came."""

    dataset: str
    day: str
    sequence: int
    ports: tuple[str, ...] | None
    figures: tuple[tuple[Cell, str], ...]

    def spoke_of(self, cell: Cell) -> bool:
        return self.ports is None or cell[0] in self.ports


def believed(releases: list[Release], day: str) -> dict[tuple[str, Cell], str]:
    """Replay what was released until the end of a day."""
    belief: dict[tuple[str, Cell], str] = {}
    for release in sorted(releases, key=lambda r: (r.day, r.sequence)):
        if release.day <= day:
            for cell in CELLS:
                if release.spoke_of(cell):
                    belief.pop((release.dataset, cell), None)
            belief |= {(release.dataset, cell): price for cell, price in release.figures}
    return belief


class Loads(RuleBasedStateMachine):
    """One lake, and two schemas of a database."""

    home: Path

    @initialize()
    def found(self) -> None:
        number = next(_numbers)
        self.folder = Path(tempfile.mkdtemp(prefix="statpipe-test-"))
        self.lake = LakeSink(
            LakeSettings(environment=Environment(name="local", home=self.folder, embedded=True))
        )
        self.schemas = (f"gold_{number}", f"operations_{number}")
        self.database = self._connected()
        self.releases: list[Release] = []
        self.state = State()
        self.behind = False

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self._drop()
            self.database.close()
            shutil.rmtree(self.folder)

    @rule(
        dataset=st.sampled_from(DATASETS),
        day=st.sampled_from(DATES),
        ports=st.sampled_from([None, None, PORTS[:1], PORTS[1:]]),
        prices=st.lists(st.sampled_from(["1.5", "2.5", "7", "-", None]), min_size=4, max_size=4),
        dies=st.one_of(st.none(), st.none(), st.integers(1, 60)),
    )
    def arrive(
        self, dataset: str, day: str, ports: Any, prices: list[str | None], dies: int | None
    ) -> None:
        """A vintage is in Silver, and is loaded; or the process dies while it is."""
        pairs = zip(CELLS, prices, strict=True)
        figures = tuple(
            (cell, price) for cell, price in pairs if price and (ports is None or cell[0] in ports)
        )
        same_day = [r for r in self.releases if (r.dataset, r.day) == (dataset, day)]
        release = Release(dataset, day, len(same_day) + 1, ports, figures)
        self.releases.append(release)
        self._to_silver(release)
        self._load(dies)

    @rule()
    def again(self) -> None:
        """A load of existing tables writes nothing."""
        self._load(None)
        receipts = self._load(None)
        assert not any(receipt.changed for receipt in receipts)

    @precondition(lambda self: self.releases and not self.behind)
    @rule()
    def forgotten(self) -> None:
        """A database that does not know what it holds is compared row by row: nothing differs."""
        self._execute(f"DELETE FROM {self.schemas[1]}.dataset_state")
        receipts = [r for r in self._load(None) if r.sink == "postgres"]
        assert {r.path for r in receipts} >= {f"gold/{m.name}" for m in MODELS}
        assert not any(r.inserted or r.updated or r.deleted for r in receipts)

    @precondition(lambda self: self.releases)
    @rule(dies=st.one_of(st.none(), st.integers(1, 60)))
    def dropped(self, dies: int | None) -> None:
        """The database can be rebuilt from the lake."""
        self._drop()
        self.database.close()
        self.database = self._connected()
        self._load(dies)

    @invariant()
    def as_of_any_day(self) -> None:
        if not getattr(self, "releases", None) or self.behind:
            return
        history = self.lake.read(HISTORY).to_pylist()
        found = self.database.query(
            "SELECT d.day::text, dataset, ref_area, category, time_period, value"
            f" FROM unnest('{{{','.join(DAYS)}}}'::date[]) AS d (day), tea_as_of(d.day)"
        )
        for day in DAYS:
            wanted = believed(self.releases, day)
            at = date.fromisoformat(day)
            in_lake = [r for r in history if r["realtime_start"] <= at <= r["realtime_end"]]
            assert (
                _belief(
                    (r["dataset"], r["ref_area"], r["category"], r["time_period"], r["value"])
                    for r in in_lake
                )
                == wanted
            )
            assert _belief(row[1:] for row in found.rows if row[0] == day) == wanted

    def _to_silver(self, release: Release) -> None:
        selection = Selection(areas=release.ports)
        dataset = tea_dataset(release.dataset, selection)
        held = Held(
            dataset=release.dataset,
            released=date.fromisoformat(release.day),
            sequence=release.sequence,
            note="",
            token="",
            selection=selection,
        )
        rows = [
            {
                "ref_area": cell[0],
                "category": cell[1],
                "time_period": cell[2],
                "obs_value": None if price == "-" else price,
                "obs_status": "O" if price == "-" else "A",
            }
            for cell, price in release.figures
        ]
        table = seal(observations_from_rows(rows), dataset, held.vintage.id)
        held = attrs.evolve(held, fingerprint=f"{next(_numbers):064x}", rows=len(table))
        key = silver_key(SOURCE, held)
        self.lake.write(Partition(key=key, table=table, fingerprint=held.fingerprint))
        self.state.put(held)

    def _load(self, dies: int | None) -> list[Any]:
        registry = Registry([("tea", "statpipe-tea", "1", TeaPlugin(TeaAgency, MODELS))])
        site = Site(
            configuration=Configuration(path=None, home=self.folder, document={}, variables={}),
            registry=registry,
            environment=Environment(name="local", home=self.folder, embedded=True),
            lake=self.lake,
            sinks={"lake": self.lake, "postgres": self.database},
            checks={},
        )
        journal = Journal(run_id="test", source=SOURCE, observers=Observers(registry))
        load = Load(site=site, state=self.state, journal=journal)
        if dies is None:
            load.gold(everywhere=True)
            load.raise_failures()
            self.behind = False
        else:
            self.behind = not self._survives(dies, load)
        return journal.receipts

    def _survives(self, dies: int, load: Load) -> bool:
        """Let the database's client die at a statement."""
        original = psycopg.Connection.execute
        left = dies

        def execute(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Dead
            return original(*arguments, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(psycopg.Connection, "execute", execute)
            try:
                load.gold(everywhere=True)
            except Dead:
                self.database.close()
                self.database = self._connected()
                return False
        return True

    def _connected(self) -> PostgresSink:
        return PostgresSink(
            PostgresSettings(
                environment=Environment(name="local", home=self.home, embedded=True),
                gold_schema=self.schemas[0],
                operations_schema=self.schemas[1],
            )
        )

    def _drop(self) -> None:
        for schema in self.schemas:
            self._execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")

    def _execute(self, sql: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(sql)

    @property
    def address(self) -> str:
        return self.keeper.start()

    keeper: PostgresSink


def _belief(rows: Any) -> dict[tuple[str, Cell], str]:
    listed = list(rows)
    found = {
        (dataset, (area, category, period)): "-"
        if value is None
        else str(Decimal(value).normalize())
        for dataset, area, category, period, value in listed
    }
    assert len(found) == len(listed)
    return found


def test_figures_as_of_any_day_are_those_current_then(tmp_path):
    keeper = PostgresSink(
        PostgresSettings(environment=Environment(name="local", home=tmp_path, embedded=True))
    )
    keeper.start()
    try:
        machine = type("Loads", (Loads,), {"home": tmp_path, "keeper": keeper})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples(8, 25),
                stateful_step_count=10,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        keeper.stop()
        keeper.close()
