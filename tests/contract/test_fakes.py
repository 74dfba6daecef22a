"""The fakes that tests lean on keep the promises of what they stand for."""

from datetime import date
from typing import ClassVar

import attrs
import pytest

from statpipe.api import Area, Category, Dataset
from statpipe.testing import NormalizerContract, SinkContract, SourceContract, StoreContract
from statpipe.testing.fakes import MemoryLake, MemoryNormalizer, MemorySink, MemorySource


class InMemory:
    """How to look into a fake."""

    def figures_in(self, sink, key):
        held = sink.held.get(key)
        if held is None:
            return None
        columns = (held.table[name].to_pylist() for name in ("area", "year", "value"))
        return {(area, year): value for area, year, value in zip(*columns, strict=True)}

    def rows_in(self, sink, key):
        return sink.held[key].table.to_pylist()

    def lose_payload(self, lake, key):
        del lake.bronze[key]

    def damage_payload(self, lake, key):
        lake.bronze[key] = attrs.evolve(lake.bronze[key], body=b"other")

    def damage_manifest(self, lake, source, run_id):
        lake.runs[source, run_id] = b""

    def damage_partition(self, lake, key):
        # A dict holds a table or it does not: the nearest to damage is loss.
        del lake.held[key]


class TestMemorySink(InMemory, SinkContract):
    @pytest.fixture
    def sink(self):
        return MemorySink()


class TestMemoryLake(InMemory, StoreContract):
    @pytest.fixture
    def sink(self):
        return MemoryLake()


TEA = Dataset(
    name="tea",
    title="Prices of tea",
    normalizer="memory",
    areas=tuple(Area(code=c, name=c, level="port", geo_fips=c) for c in ("CAL", "MOM")),
    categories=tuple(Category(code=c, name=c, unit_measure="Pounds") for c in ("fine", "dust")),
)
PRICES = {
    ("CAL", "fine", "2023"): "12.5",
    ("CAL", "dust", "2023"): None,
    ("MOM", "fine", "2022"): "-3.25",
    ("MOM", "fine", "2023"): "0",
}


@pytest.fixture
def memory_source():
    return MemorySource([TEA], {"tea": {date(2024, 3, 1): PRICES, date(2023, 3, 1): PRICES}})


class TestMemorySource(SourceContract):
    @pytest.fixture
    def make_source(self, memory_source):
        return lambda: memory_source

    @pytest.fixture
    def normalizer(self):
        return MemoryNormalizer()


class TestMemoryNormalizer(NormalizerContract):
    notations: ClassVar = {"null": None}

    @pytest.fixture
    def normalizer(self):
        return MemoryNormalizer()

    @pytest.fixture
    def dataset(self):
        return TEA

    @pytest.fixture
    def payloads(self, memory_source):
        return list(memory_source.fetch(TEA, memory_source.probe(TEA)))

    @pytest.fixture
    def figures(self):
        return PRICES
