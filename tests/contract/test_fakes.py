"""The fakes that tests lean on keep the promises of what they stand for."""

import attrs
import pytest

from contract.sink_contract import SinkContract, StoreContract
from statpipe.api import Dataset, Layer, Partition, PartitionKey, observations_from_rows
from statpipe.domain.observation import seal
from support.fakes import MemoryLake, MemorySink


class InMemory:
    """How to look into a fake."""

    def figures_in(self, sink, key):
        held = sink.held.get(key)
        if held is None:
            return None
        columns = (held.table[name].to_pylist() for name in ("area", "year", "value"))
        return {(area, year): value for area, year, value in zip(*columns, strict=True)}

    def silver_of(self, figures, *, source, dataset, vintage):
        rows = [
            {
                "ref_area": area,
                "category": "T:1",
                "time_period": str(year),
                "obs_value": value,
                "obs_status": "O" if value is None else "A",
            }
            for (area, year), value in figures.items()
        ]
        described = Dataset(name=dataset, title=dataset, normalizer="n")
        return Partition(
            key=PartitionKey(layer=Layer.SILVER, owner=source, dataset=dataset, vintage=vintage),
            table=seal(observations_from_rows(rows), described, vintage),
            fingerprint="ab" * 32,
        )

    def lose_payload(self, lake, key):
        del lake.bronze[key]

    def damage_payload(self, lake, key):
        lake.bronze[key] = attrs.evolve(lake.bronze[key], body=b"other")

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
