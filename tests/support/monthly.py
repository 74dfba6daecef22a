"""
An agency that publishes a CSV a release: series across, months down.

The first row names the series, a row ``Transform:`` may follow, then each row is a month such as
``1/1/1959``; an empty field says that there is no figure. A file is named after the month of its
release, such as ``1999-08.csv``. One class finds the files, and one function reads them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from statpipe.api import (
    Component,
    ContentError,
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

SOURCE, NORMALIZER, DATASET = "monthly", "monthly_csv", "MD"


@frozen(kw_only=True)
class MonthlySettings:
    """Where the releases lie."""

    folder: str = ""


class MonthlySource(Source):
    """A folder of releases, of which the agency offers the last; an archive offers all."""

    def __init__(self, files: Sequence[Path], *, archive: bool = False) -> None:
        self._files = sorted(files)
        self._archive = archive

    def datasets(self) -> Sequence[Dataset]:
        return [Dataset(name=DATASET, title="Monthly series", normalizer=NORMALIZER, freq="M")]

    def probe(self, dataset: Dataset) -> Vintage:
        return _vintage(self._files[-1])

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        return [_vintage(file) for file in (self._files if self._archive else self._files[-1:])]

    def archive(self, places: Sequence[str]) -> Source:
        return MonthlySource([f for p in places for f in releases_in(p)], archive=True)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        file = next(f for f in self._files if f.stem == vintage.note)
        yield Payload(name=file.stem, body=file.read_bytes(), media_type="text/csv")


def releases_in(place: str) -> list[Path]:
    """Name the releases in a folder, or the one that a path names."""
    return sorted(Path(place).glob("*.csv")) if Path(place).is_dir() else [Path(place)]


def _vintage(file: Path) -> Vintage:
    token = hashlib.sha256(file.read_bytes()).hexdigest()
    return Vintage(released=date.fromisoformat(f"{file.stem}-01"), note=file.stem, token=token)


class MonthlyNormalizer(Normalizer):
    """Reads the agency's CSV."""

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        (payload,) = payloads
        return observations_in(payload)


def observations_in(payload: Payload) -> pa.Table:
    """Turn series across and months down into a row a figure."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    names = payload.body.partition(b"\n")[0].decode().strip().split(",")[1:]
    texts = {name: pa.string() for name in ("sasdate", *names)}
    wide = csv.read_csv(pa.BufferReader(payload.body), convert_options=_as_texts(texts))
    wide = wide.filter(pc.match_substring_regex(wide["sasdate"], r"^\d+/\d+/\d+$"))
    parts = pc.extract_regex(
        wide["sasdate"].combine_chunks(), r"^(?P<month>\d+)/\d+/(?P<year>\d+)$"
    )
    year, month = (pc.struct_field(parts, place) for place in ("year", "month"))
    months = pc.binary_join_element_wise(year, pc.utf8_lpad(month, 2, "0"), "-")
    if sorted(set(names)) != sorted(names):
        raise ContentError(f"payload {payload.name}: a series occurs twice in its first row")
    rows, series = len(wide), range(len(names))
    places = pa.concat_arrays([pa.repeat(pa.scalar(n, pa.int32()), rows) for n in series])
    table = pa.table(
        {
            "ref_area": pa.repeat("US", rows * len(names)),
            "category": pa.DictionaryArray.from_arrays(places, names),
            "time_period": pa.concat_arrays([months] * len(names)),
            "obs_value": pa.chunked_array([c for n in names for c in wide[n].chunks], pa.string()),
        }
    )
    return table.filter(pc.not_equal(table["obs_value"], ""))


def _as_texts(types: dict[str, pa.DataType]):
    from pyarrow import csv

    return csv.ConvertOptions(column_types=types, strings_can_be_null=False)


def monthly_models() -> list[Model]:
    """The standard models of the agency's figures."""
    return gold_models(name="md", source=SOURCE, title="Monthly series", freq="M")


@hookimpl
def statpipe_sources() -> Iterable[Component]:
    """Offer the source."""
    return [
        Component(
            name=SOURCE,
            summary="Monthly series as CSV files",
            settings=MonthlySettings,
            factory=lambda settings: MonthlySource(releases_in(settings.folder)),
        )
    ]


@hookimpl
def statpipe_normalizers() -> Iterable[Component]:
    """Offer the normalizer."""
    return [Component(name=NORMALIZER, summary="CSV", factory=lambda _: MonthlyNormalizer())]


@hookimpl
def statpipe_models() -> Iterable[Model]:
    """Offer the models."""
    return monthly_models()
