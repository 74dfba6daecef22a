"""The lake keeps what every lake promises, with Gold and with Silver."""

import sys
import textwrap
from pathlib import Path

import pytest

from contract.sink_contract import LakeContract, fingerprint_of
from statpipe.api import (
    ContentError,
    Dataset,
    Environment,
    Layer,
    Partition,
    PartitionKey,
    observations_from_rows,
)
from statpipe.domain.observation import seal
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings

HOLDER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from statpipe.api import Environment
    from statpipe_lake.plugin import make_lake
    from statpipe_lake.settings import LakeSettings
    environment = Environment(name="local", home=Path(sys.argv[1]))
    lake = make_lake(LakeSettings(environment=environment))
    with lake.lock(sys.argv[2], 0, lambda: sys.argv[3]):
        print("held", flush=True)
        time.sleep(60)
    """
)


def silver_partition(figures, *, source, dataset, vintage, fingerprint=None):
    rows = [
        {
            "ref_area": area,
            "category": f"{dataset}:1",
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
        fingerprint=fingerprint or fingerprint_of(figures),
    )


class TestLakeWithGold(LakeContract):
    names = ("area", "year", "value")

    @pytest.fixture
    def open_lake(self, tmp_path):
        environment = Environment(name="local", home=tmp_path)
        return lambda: make_lake(LakeSettings(environment=environment))

    @pytest.fixture
    def sink(self, open_lake):
        return open_lake()

    @pytest.fixture
    def another(self, open_lake):
        return open_lake()

    def figures_in(self, sink, key):
        try:
            table = sink.read(key)
        except ContentError as error:
            assert "the lake has no" in str(error)
            return None
        areas, years, values = (table[name].to_pylist() for name in self.names)
        return {
            (area, int(year)): value for area, year, value in zip(areas, years, values, strict=True)
        }

    def silver_of(self, figures, *, source, dataset, vintage):
        return silver_partition(figures, source=source, dataset=dataset, vintage=vintage)

    def lose_payload(self, lake, key):
        self.file(lake, key).unlink()

    def damage_payload(self, lake, key):
        path = self.file(lake, key)
        path.write_bytes(path.read_bytes()[:-9])

    def damage_partition(self, lake, key):
        path = self.file(lake, f"{key.path}/part-0.parquet")
        path.write_bytes(path.read_bytes()[:-100])

    def holder(self, lake, *, name, run_id):
        home = self.file(lake, "").parents[2]
        return [sys.executable, "-c", HOLDER, str(home), name, run_id]

    def file(self, lake, key):
        return Path(lake.locations()["lake"]) / key


class TestLakeWithSilver(TestLakeWithGold):
    names = ("ref_area", "time_period", "obs_value")

    def partition_of(self, figures, *, fingerprint=None, owner="spending"):
        return silver_partition(
            figures, source="agency", dataset=owner, vintage="2022-10-06", fingerprint=fingerprint
        )
