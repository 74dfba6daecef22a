"""An engine with an agency, a lake and a ledger in memory."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from statpipe.api import Layer, PartitionKey
from statpipe.engine.runs.run import run_sources
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import open_site
from statpipe.engine.site.workplace import bench_at
from statpipe.engine.stages.options import Options
from support import rates
from support.fakes import MemoryLake, MemorySink, SinksPlugin
from support.shared_office import SharedOffice
from support.tea import DATASETS, SOURCE, TeaAgency, TeaPlugin, prices


class Office:
    """What a test of the engine works with. ``watching`` are further observers."""

    source = SOURCE

    def __init__(self, home):
        self.home = home
        self.agency = TeaAgency(stamped=True)
        for name in DATASETS:
            self.agency.publish(name, "2024-03-01", prices())
        self.lake = MemoryLake()
        self.ledger = MemorySink("ledger")
        self.document: dict[str, Any] = {}
        self.watching: list[Any] = []

    @property
    def configuration(self):
        return Configuration(path=None, home=self.home, document=self.document, variables={})

    def plugin(self):
        return TeaPlugin(lambda: self.agency)

    @property
    def registry(self):
        made = Registry(
            [
                ("agency", "statpipe-tea", "1.0", self.plugin()),
                ("sinks", "a-test", "2.0", SinksPlugin(lake=self.lake, ledger=self.ledger)),
            ]
        )
        assert not made.broken
        for number, observer in enumerate(self.watching):
            made.register(f"observer{number}", "a-test", "2.0", observer)
        return made

    def site(self, registry=None):
        return open_site(self.configuration, registry or self.registry, "local")

    def run(self, executor=None, **options):
        site = self.site()
        try:
            (manifest,) = run_sources(site, [self.source], Options(**options), executor)
        finally:
            site.close()
        return manifest


class Bank(Office):
    """The same with the agency of cubes, and a first release of 2024-01-09."""

    source = rates.SOURCE

    def __init__(self, home):
        super().__init__(home)
        self.agency = rates.RatesAgency()
        self.agency.publish("2024-01-09")

    def plugin(self):
        return rates.RatesPlugin(lambda: self.agency)

    @property
    def silver(self):
        """The rows of each vintage."""
        return {
            key.vintage: self.lake.read(key)
            for key in self.lake.partitions(self.source)
            if key.layer == "silver"
        }

    def model(self, name):
        return self.lake.read(PartitionKey(layer=Layer.GOLD, owner=name)).to_pylist()


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


@pytest.fixture
def bank(tmp_path):
    return Bank(tmp_path)


@pytest.fixture
def logs_as_they_were():
    configured = structlog.is_configured()
    yield
    if not configured:
        structlog.reset_defaults()


@pytest.fixture
def shared(office, tmp_path, monkeypatch, logs_as_they_were):
    office.agency.stamped = False
    office.agency.today = "2024-03-02"
    made = SharedOffice(office, tmp_path / "shared")
    monkeypatch.setattr(Registry, "installed", classmethod(lambda _: made.registry))
    yield made
    bench_at.cache_clear()


@pytest.fixture
def alone(office, tmp_path):
    return SharedOffice(office, tmp_path / "alone")
