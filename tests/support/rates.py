"""
An agency of cubes: exchange rates, each told by a code in every dimension, as at central banks.

A release is a structure (dimensions with their code lists, one payload) and series of several
frequencies (one payload each). The plugin has no code list of its own. The module is a plugin:
installed as one, its agency is the JSON file that ``RATES_AGENCY`` names. In one process,
:class:`RatesPlugin` takes the agency itself.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from statpipe.api import (
    Area,
    Code,
    Component,
    ContentError,
    Dataset,
    Dimension,
    Model,
    Normalizer,
    Payload,
    Selection,
    Source,
    Vintage,
    exact,
    hookimpl,
    observations_from_rows,
    selected,
)
from statpipe.api.gold import gold_models

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE, NORMALIZER, FLOW = "central_bank", "rates_json", "EXR"
LEFT = ("FREQ", "REF_AREA")
"""The dimensions that statpipe has columns for already."""

Document = dict[str, Any]

STRUCTURE: Document = {
    "dimensions": [
        {"id": "FREQ", "name": "Frequency", "codes": {"D": "Daily", "B": "Business days"}},
        {"id": "REF_AREA", "name": "Reference area", "codes": {"U2": "Euro area"}},
        {
            "id": "CURRENCY",
            "name": "Currency",
            "codes": {"USD": "US dollar", "GBP": "Pound sterling"},
        },
        {"id": "CURRENCY_DENOM", "name": "Currency denominator", "codes": {"EUR": "Euro"}},
        {"id": "EXR_TYPE", "name": "Exchange rate type", "codes": {"SP00": "Spot"}},
    ]
}

Key = tuple[str, str]
"""Frequency, and the codes of all other dimensions but the area, joined: ``("D", "USD.EUR.SP00")``."""

Rates = dict[Key, dict[str, str]]
"""The rates of each series, by day, as printed."""

RATES: Rates = {
    ("D", "USD.EUR.SP00"): {"2024-01-05": "1.0921", "2024-01-06": "1.0930"},
    ("B", "USD.EUR.SP00"): {"2024-01-05": "1.0921", "2024-01-08": "1.0946"},
    ("D", "GBP.EUR.SP00"): {"2024-01-05": "0.86105"},
}


def structure(**lists: Mapping[str, str]) -> Document:
    """The agency's structure with other code lists: ``structure(CURRENCY={"USD": "Dollar"})``."""
    document = copy.deepcopy(STRUCTURE)
    for one in document["dimensions"]:
        one["codes"] = dict(lists.get(one["id"], one["codes"]))
    return document


def more_dimensions(document: Document, **names: Mapping[str, str]) -> Document:
    """A structure with further dimensions at its end, each under its identifier as name."""
    added = [{"id": one, "name": one.title(), "codes": dict(codes)} for one, codes in names.items()]
    return {"dimensions": [*document["dimensions"], *added]}


@attrs.define(kw_only=True)
class Release:
    """What the agency published on a day. ``units`` are those of currencies, where not the euro."""

    released: str
    rates: Rates
    structure: Document
    units: dict[str, str] = attrs.field(factory=dict)


@attrs.define(kw_only=True)
class RatesAgency:
    """
    The agency, as far as a test sets it.

    ``where`` is what is configured of its dimensions. ``area`` is the one of all figures, if any.
    ``closed`` agencies answer nothing.
    """

    releases: list[Release] = attrs.field(factory=list)
    where: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    area: str | None = "U2"
    closed: bool = False

    def publish(
        self,
        released: str,
        rates: Rates = RATES,
        document: Document = STRUCTURE,
        units: Mapping[str, str] | None = None,
    ) -> None:
        """Publish a release, with the structure that describes it."""
        made = Release(released=released, rates=rates, structure=document, units=dict(units or {}))
        self.releases.append(made)

    def save(self, path: Path) -> None:
        """Write the agency where an installed plugin finds it."""
        document = attrs.asdict(self)
        for release in document["releases"]:
            release["rates"] = [[*key, days] for key, days in release["rates"].items()]
        path.write_text(json.dumps(document))


def agency_in(path: Path) -> RatesAgency:
    """Read an agency back."""
    document = json.loads(path.read_text())
    releases = [
        Release(**release | {"rates": {(freq, key): days for freq, key, days in release["rates"]}})
        for release in document.pop("releases")
    ]
    where = {name: tuple(codes) for name, codes in document.pop("where").items()}
    return RatesAgency(releases=releases, where=where, **document)


class RatesSource(Source):
    """The agency's flow of exchange rates."""

    def __init__(self, agency: RatesAgency) -> None:
        self._agency = agency

    def datasets(self) -> Sequence[Dataset]:
        return [
            Dataset(
                name=FLOW,
                title="Exchange rates",
                normalizer=NORMALIZER,
                freq="D",
                selection=Selection(where=self._agency.where),
            )
        ]

    def probe(self, dataset: Dataset) -> Vintage:
        assert not self._agency.closed, "nobody may ask the agency now"
        release = self._agency.releases[-1]
        return Vintage(
            released=date.fromisoformat(release.released),
            token=hashlib.sha256(repr(release).encode()).hexdigest(),
            selection=dataset.selection,
        )

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        assert not self._agency.closed, "nobody may ask the agency now"
        release = self._agency.releases[-1]
        yield _payload("EXR-structure", release.structure, {"structure": FLOW}, structure=True)
        for freq in sorted({freq for freq, _ in release.rates}):
            body = {"freq": freq, "series": list(self._series(release, freq))}
            yield _payload(f"EXR-{freq}", body, {"flow": FLOW, "freq": freq})

    def _series(self, release: Release, freq: str) -> Iterator[Document]:
        names = [one["id"] for one in release.structure["dimensions"] if one["id"] not in LEFT]
        for (of, key), days in release.rates.items():
            codes = dict(zip(names, key.split("."), strict=True))
            if of == freq and self._is_asked(codes):
                area = {"REF_AREA": self._agency.area} if self._agency.area else {}
                unit = release.units.get(codes["CURRENCY"], f"{codes['CURRENCY']} per EUR")
                yield {"key": area | codes, "unit": unit, "days": days}

    def _is_asked(self, codes: Mapping[str, str]) -> bool:
        asked = self._agency.where
        return all(codes[name.upper()] in wanted for name, wanted in asked.items())


def _payload(name: str, document: Document, request: Mapping[str, str], **marks: bool) -> Payload:
    return Payload(name=name, body=json.dumps(document).encode(), request=request, **marks)


class RatesNormalizer(Normalizer):
    """Reads the agency's JSON. What describes codes stands in its payloads alone."""

    def describe(self, dataset: Dataset, payloads: Sequence[Payload]) -> Dataset:
        for payload in payloads:
            if payload.structure:
                with _reading(payload):
                    return _described(dataset, json.loads(payload.body)["dimensions"])
        return dataset

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        rows = [row for payload in payloads if not payload.structure for row in _rows(payload)]
        if not rows:
            raise ContentError(f"dataset {dataset.name}: no rates; expected at least one")
        return selected(observations_from_rows(rows), dataset)


def _described(dataset: Dataset, found: Sequence[Document]) -> Dataset:
    lists = {one["id"]: one["codes"] for one in found}
    if not found or None in lists.values():
        raise ValueError("there is no dimension, or one without codes")
    areas = lists.get("REF_AREA", {}).items()
    return attrs.evolve(
        dataset,
        areas=tuple(Area(code=code, name=name, level="union") for code, name in areas),
        dimensions=tuple(
            Dimension(
                id=one["id"],
                name=one["name"],
                codes=tuple(Code(code=code, name=name) for code, name in one["codes"].items()),
            )
            for one in found
            if one["id"] not in LEFT
        ),
    )


def _rows(payload: Payload) -> Iterator[Document]:
    with _reading(payload):
        document = json.loads(payload.body)
        for one in document["series"]:
            one["unit"].encode()  # raises where half a character is left
            codes = {name.lower(): code for name, code in one["key"].items()}
            for day, rate in one["days"].items():
                yield codes | {
                    "freq": document["freq"],
                    "time_period": day,
                    "obs_value": exact(rate),
                    "unit_measure": one["unit"],
                }


@contextmanager
def _reading(payload: Payload) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"payload {payload.name}: {error!r}; expected dimensions or series as the agency's"
        raise ContentError(msg, payload=payload) from error


def family() -> list[Model]:
    """The standard models of the agency's figures."""
    return gold_models(name="exr", source=SOURCE, title="Exchange rates", freq="DB")


class RatesPlugin:
    """What the agency's plugin offers. *agency* is asked anew for each object made."""

    def __init__(self, agency: Callable[[], RatesAgency]) -> None:
        self._agency = agency

    @hookimpl
    def statpipe_sources(self) -> Iterable[Component]:
        return [
            Component(
                name=SOURCE,
                summary="Exchange rates of a central bank",
                factory=lambda _: RatesSource(self._agency()),
            )
        ]

    @hookimpl
    def statpipe_normalizers(self) -> Iterable[Component]:
        made = Component(name=NORMALIZER, summary="Its JSON", factory=lambda _: RatesNormalizer())
        return [made]

    @hookimpl
    def statpipe_models(self) -> Iterable[Model]:
        return family()


_installed = RatesPlugin(lambda: agency_in(Path(os.environ["RATES_AGENCY"])))


@hookimpl
def statpipe_sources() -> Iterable[Component]:
    """Offer the source."""
    return _installed.statpipe_sources()


@hookimpl
def statpipe_normalizers() -> Iterable[Component]:
    """Offer the normalizer."""
    return _installed.statpipe_normalizers()


@hookimpl
def statpipe_models() -> Iterable[Model]:
    """Offer the models."""
    return _installed.statpipe_models()
