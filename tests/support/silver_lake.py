"""A lake in memory that is given vintages of one dataset as Silver, without a run."""

import attrs

from statpipe.api import Held, Layer, Partition, PartitionKey
from statpipe.domain.canonical import content_hash
from statpipe.domain.dataset import Dataset
from statpipe.domain.observation import observations_from_rows, silver_schema
from statpipe.domain.seal import seal
from statpipe.domain.selection import EVERYTHING
from statpipe.domain.vintage import Vintage
from statpipe.engine.record.state import silver_key
from support.fakes import MemoryLake

SOURCE = "tea_prices"


class SilverLake(MemoryLake):
    """Notes what is read, by path."""

    def __init__(self):
        super().__init__()
        self.vintages: dict[str, Held] = {}
        self.seen: list[str] = []

    @property
    def holds(self) -> list[Held]:
        return [*self.vintages.values()]

    def publish(self, released, figures, sequence=1, selection=EVERYTHING, dataset="black", **more):
        rows = [_row(*cell, said, more) for cell, said in figures.items()]
        vintage = Vintage(released=released, sequence=sequence, selection=selection)
        described = Dataset(name=dataset, title="t", normalizer="n")
        table = silver_schema().empty_table()
        if rows:
            table = seal(observations_from_rows(rows), described, vintage.id)
        held = Held(
            dataset=dataset,
            released=released,
            sequence=sequence,
            note="",
            token="",
            selection=selection,
            fingerprint=content_hash(table),
            rows=len(table),
        )
        key = silver_key(SOURCE, held)
        self.write(Partition(key=key, table=table, fingerprint=held.fingerprint))
        self.vintages[f"{dataset} {vintage.id}"] = held

    def read(self, key):
        self.seen.append(key.path)
        return super().read(key)

    def copy(self) -> "SilverLake":
        lake = SilverLake()
        lake.vintages, lake.held = dict(self.vintages), dict(self.held)
        return lake

    def with_silver_alone(self) -> "SilverLake":
        """A lake that holds the same Silver, and nothing else."""
        lake = self.copy()
        lake.held = {key: one for key, one in self.held.items() if key.layer is Layer.SILVER}
        return lake

    def in_one_piece(self, key: PartitionKey) -> None:
        """Hold a table as a version that knew no parts would."""
        self.held[key] = attrs.evolve(self.held[key], parts=())


def _row(area, period, said, more):
    value, notes = said if isinstance(said, tuple) else (said, None)
    return {
        "ref_area": area,
        "category": "T:1",
        "time_period": period,
        "obs_value": value,
        "obs_status": "O" if value is None else "A",
        "notes": notes,
        **more,
    }
