"""
An agency of many small datasets: a folder with a JSON file each. The module is a plugin of statpipe.

    {"released": "2024-03-01", "rows": [["CA", "2020", "12.5"], ...]}
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from statpipe.api import (
    Component,
    Dataset,
    Model,
    Normalizer,
    Payload,
    Source,
    Vintage,
    hookimpl,
)
from statpipe.api.gold import gold_models

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE, NORMALIZER = "small_datasets", "small_json"
AREAS, YEARS = 10, 20


def made_up(folder: Path, number: int) -> None:
    """Write datasets of two hundred figures each; the same call makes the same files."""
    folder.mkdir(parents=True)
    chance = random.Random(1)
    for one in range(number):
        rows = [
            [f"A{area:02}", str(2000 + year), f"{chance.randrange(10**6) / 10:.1f}"]
            for area in range(AREAS)
            for year in range(YEARS)
        ]
        document = {"released": "2024-03-01", "rows": rows}
        (folder / f"D{one:04}.json").write_text(json.dumps(document))


@frozen(kw_only=True)
class SmallSettings:
    """Where the files are."""

    files: str = ""


class SmallSource(Source):
    """The folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def datasets(self) -> Sequence[Dataset]:
        names = sorted(file.stem for file in self._folder.glob("*.json"))
        return [Dataset(name=name, title=name, normalizer=NORMALIZER, freq="A") for name in names]

    def probe(self, dataset: Dataset) -> Vintage:
        body = self._body(dataset)
        released = date.fromisoformat(json.loads(body)["released"])
        return Vintage(released=released, token=hashlib.sha256(body).hexdigest())

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:  # noqa: ARG002 - a role's
        yield Payload(name=dataset.name, body=self._body(dataset))

    def _body(self, dataset: Dataset) -> bytes:
        return (self._folder / f"{dataset.name}.json").read_bytes()


class SmallNormalizer(Normalizer):
    """Reads a file."""

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        import pyarrow as pa

        (payload,) = payloads
        areas, periods, values = zip(*json.loads(payload.body)["rows"], strict=True)
        table = {"ref_area": areas, "time_period": periods, "obs_value": values}
        category = pa.repeat(dataset.name, len(areas))
        return pa.table({"category": category} | {n: pa.array(c) for n, c in table.items()})


@hookimpl
def statpipe_sources() -> Iterable[Component]:
    """Offer the source."""
    return [
        Component(
            name=SOURCE,
            summary="Many small datasets",
            settings=SmallSettings,
            factory=lambda settings: SmallSource(Path(settings.files)),
        )
    ]


@hookimpl
def statpipe_normalizers() -> Iterable[Component]:
    """Offer the normalizer."""
    return [Component(name=NORMALIZER, summary="JSON", factory=lambda _: SmallNormalizer())]


@hookimpl
def statpipe_models() -> Iterable[Model]:
    """Offer the models."""
    return gold_models(name="small", source=SOURCE, title="Many small datasets", freq="A")
