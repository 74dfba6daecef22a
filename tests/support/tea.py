"""
A second, tiny agency: monthly prices of tea. It proves that nothing in statpipe knows BEA.

The module is a plugin: installed as one (:mod:`support.installed`), its agency is the JSON file that
``TEA_AGENCY`` names. In one process, :class:`TeaPlugin` takes the agency itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from statpipe.api import (
    Area,
    Category,
    Check,
    CheckResult,
    Column,
    Component,
    ConfigError,
    ContentError,
    Dataset,
    Diagnosis,
    Model,
    Normalizer,
    Payload,
    Rejected,
    Secret,
    Selection,
    Snapshot,
    Source,
    Unavailable,
    Vintage,
    hookimpl,
    observations_from_rows,
    secret,
)
from statpipe.api.gold import gold_models

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE, NORMALIZER, MODEL, CHECK = "tea_prices", "tea_json", "tea_latest", "tea_check"
PORTS = ("CAL", "MOM")
GRADES = ("fine", "dust")
MONTHS = ("2024-01", "2024-02")
DATASETS = ("black", "green")

Cell = tuple[str, str, str]
Figures = dict[Cell, str]
"""Port, grade and month -> price as printed; ``-`` where there was no auction."""

FACTORS = {"1": Decimal(1), "2": Decimal(100)}
"""Version 2 of the normalizer reads the same prices in pence; any other changes the notes only."""


def cells() -> list[Cell]:
    """Everything that the agency can publish of a dataset."""
    return [(port, grade, month) for port in PORTS for grade in GRADES for month in MONTHS]


def prices(start: int = 1) -> Figures:
    """A price for every cell, each another."""
    return {cell: f"{start + place}.25" for place, cell in enumerate(cells())}


@attrs.define(kw_only=True)
class Release:
    """What the agency published on a day."""

    dataset: str
    released: str
    figures: Figures


@attrs.define(kw_only=True)
class TeaAgency:
    """
    The agency, as far as a test sets it.

    ``quiet`` probes show the date only, so that changed figures are seen by a full look alone.
    ``down_at`` and ``unreadable_at`` count the payloads of a run from 1; 0 is the probe. ``garbled``
    payloads arrive, and cannot be normalized. ``check`` is ``pass``, ``warning``, ``error``,
    ``implausible`` or ``raise``. ``stamped`` payloads differ at each call, as BEA's do. ``gate`` is a file: as long as
    it is there, no second payload comes. ``today`` is the day on which payloads arrive, if not the
    clock's; with ``prompt``, it is the day of their release. An ``undated`` agency tells nobody when it
    published.
    """

    releases: list[Release] = attrs.field(factory=list)
    datasets: tuple[str, ...] = DATASETS
    archive: bool = False
    quiet: bool = False
    stamped: bool = False
    ports: tuple[str, ...] | None = None
    months: tuple[str, ...] | None = None
    down_at: int | None = None
    unreadable_at: int | None = None
    garbled: bool = False
    rejects: bool = False
    buggy: bool = False
    gate: str = ""
    check: str = "pass"
    version: str = "1"
    notice: str = ""
    today: str = ""
    prompt: bool = False
    undated: bool = False

    def publish(self, dataset: str, released: str, figures: Figures) -> None:
        """Publish figures; under the date of an earlier release, they take its place."""
        self.releases.append(Release(dataset=dataset, released=released, figures=figures))

    def offered(self, dataset: str) -> list[Release]:
        """What can be fetched: the latest release, or all of them from an archive."""
        mine = [release for release in self.releases if release.dataset == dataset]
        return mine if self.archive else mine[-1:]

    @property
    def selection(self) -> Selection:
        """Which part of the datasets is configured."""
        return Selection(areas=self.ports, periods=self.months)

    def save(self, path: Path) -> None:
        """Write the agency where an installed plugin finds it; whole or not at all."""
        document = attrs.asdict(self)
        for release in document["releases"]:
            release["figures"] = [[*cell, price] for cell, price in release["figures"].items()]
        staged = path.with_suffix(".new")
        staged.write_text(json.dumps(document))
        staged.replace(path)


def agency_in(path: Path) -> TeaAgency:
    """Read an agency back."""
    document = json.loads(path.read_text())
    releases = [
        Release(
            dataset=release["dataset"],
            released=release["released"],
            figures={(port, grade, month): p for port, grade, month, p in release["figures"]},
        )
        for release in document.pop("releases")
    ]
    for name in ("datasets", "ports", "months"):
        document[name] = None if document[name] is None else tuple(document[name])
    return TeaAgency(releases=releases, **document)


@attrs.frozen(kw_only=True)
class TeaSettings:
    """The source's settings; ``ports`` and ``key`` are there to be configured wrongly."""

    key: Secret | None = secret("TEA_KEY")
    ports: tuple[str, ...] = ()


class TeaSource(Source):
    """The agency's publications."""

    def __init__(
        self, agency: TeaAgency, settings: TeaSettings, places: Sequence[str] = ()
    ) -> None:
        self._agency = agency
        self._settings = settings
        self._places = places
        self._sent = 0
        self.closed = False

    @property
    def notice(self) -> str:
        return self._agency.notice

    def datasets(self) -> Sequence[Dataset]:
        selection = self._agency.selection
        if self._settings.ports:
            selection = attrs.evolve(selection, areas=self._settings.ports)
        return [tea_dataset(name, selection) for name in self._agency.datasets]

    def probe(self, dataset: Dataset) -> Vintage:
        self._refuse()
        return self._vintage(dataset, self._agency.offered(dataset.name)[-1])

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        self._refuse()
        return [self._vintage(dataset, r) for r in self._agency.offered(dataset.name)]

    def archive(self, places: Sequence[str]) -> Source:
        """Whatever the places: the agency's cellar holds all that it ever published."""
        if "nowhere" in places:
            raise ConfigError("nowhere does not exist; name a cellar that does")
        return TeaSource(attrs.evolve(self._agency, archive=True), self._settings, places)

    def unreadable(self) -> Sequence[ContentError]:
        """A place that is named so is full of damp."""
        damp = [Payload(name=p, body=b"mould") for p in self._places if p.startswith("damp")]
        return [
            ContentError(f"payload {payload.name}: mould; expected prices", payload=payload)
            for payload in damp
        ]

    def requests(self, dataset: Dataset, vintage: Vintage) -> int | None:
        return len(dataset.selection.areas or PORTS)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        release = next(
            r
            for r in reversed(self._agency.offered(dataset.name))
            if self._vintage(dataset, r).token == vintage.token
        )
        for port in dataset.selection.areas or PORTS:
            self._sent += 1
            while self._sent > 1 and self._agency.gate and Path(self._agency.gate).exists():
                time.sleep(0.02)
            payload = self._payload(dataset, release, port)
            if self._agency.down_at == self._sent:
                msg = "the tea agency is closed for lunch; run again later"
                raise Unavailable(msg, retry_after=60)
            if self._agency.unreadable_at == self._sent:
                msg = f"payload {payload.name}: a page of poetry; look at it in Bronze"
                raise ContentError(msg, payload=payload)
            yield payload

    def smallest(self, dataset: Dataset) -> Dataset:
        return attrs.evolve(dataset, selection=Selection(areas=PORTS[:1], periods=MONTHS[:1]))

    def diagnose(self) -> Iterable[Diagnosis]:
        yield Diagnosis("tea_prices", "ok", "the kettle is on")

    def close(self) -> None:
        self.closed = True

    def _refuse(self) -> None:
        if self._agency.buggy:
            raise KeyError("teapot")
        if self._agency.rejects:
            msg = "the tea agency refuses the key; correct TEA_KEY"
            raise Rejected(msg)
        if self._agency.down_at == 0:
            msg = "the tea agency is closed; run again later"
            raise Unavailable(msg)

    def _vintage(self, dataset: Dataset, release: Release) -> Vintage:
        seen = [release.released]
        if self._agency.archive or not self._agency.quiet:
            seen += [f"{cell}{price}" for cell, price in sorted(release.figures.items())]
        return Vintage(
            released=self._now(self._agency.today).date()
            if self._agency.undated
            else date.fromisoformat(release.released),
            basis="observed" if self._agency.undated else "agency",
            note=f"Auction report of {release.released}",
            token=hashlib.sha256("\n".join(seen).encode()).hexdigest(),
            selection=dataset.selection,
        )

    def _now(self, today: str) -> datetime:
        return datetime.fromisoformat(f"{today}T12:00:00Z") if today else datetime.now(UTC)

    def _payload(self, dataset: Dataset, release: Release, port: str) -> Payload:
        selection = dataset.selection
        document: dict[str, Any] = {
            "port": port,
            "rows": [
                [grade, month, price]
                for (at, grade, month), price in sorted(release.figures.items())
                if at == port and (selection.periods is None or month in selection.periods)
            ],
        }
        if self._agency.garbled:
            document = {"poem": "I'm a little teapot"}
        if self._agency.stamped:
            document["served"] = time.time_ns()
        return Payload(
            name=f"{dataset.name}-{port}",
            body=json.dumps(document).encode(),
            request={"dataset": dataset.name, "port": port},
            retrieved=self._now(release.released if self._agency.prompt else self._agency.today),
        )


def tea_dataset(name: str, selection: Selection | None = None) -> Dataset:
    """A dataset of the agency, with its code lists."""
    return Dataset(
        name=name,
        title=f"Prices of {name} tea",
        normalizer=NORMALIZER,
        freq="M",
        areas=tuple(Area(code=p, name=p.title(), level="port", geo_fips=p) for p in PORTS),
        categories=tuple(Category(code=g, name=g, unit_measure="Pounds a chest") for g in GRADES),
        selection=selection or Selection(),
    )


class TeaNormalizer(Normalizer):
    """Reads the agency's JSON."""

    def __init__(self, version: str = "1") -> None:
        self.version = version

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        rows = [row for payload in payloads for row in self._rows(payload)]
        return dataset.selection.rows_of(observations_from_rows(rows))

    def _rows(self, payload: Payload) -> Iterator[dict[str, Any]]:
        document = json.loads(payload.body)
        try:
            port, rows = document["port"], document["rows"]
            for grade, month, price in rows:
                missing = price == "-"
                factor = FACTORS.get(self.version, Decimal(1))
                yield {
                    "ref_area": port,
                    "category": grade,
                    "time_period": month,
                    "obs_value": None if missing else Decimal(price) * factor,
                    "obs_status": "O" if missing else "A",
                    "source_symbol": "-" if missing else None,
                    "notes": f"read by version {self.version}",
                }
        except (KeyError, ValueError, InvalidOperation) as error:
            msg = f"payload {payload.name}: no rows of prices ({error!r}); expected port and rows"
            raise ContentError(msg) from error


class TeaCheck(Check):
    """A check that says what it is told to say."""

    def __init__(self, agency: TeaAgency) -> None:
        self._agency = agency

    def check(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        if self._agency.check == "raise":
            raise ZeroDivisionError("no cup")
        passed = self._agency.check == "pass"
        first = current.table.slice(0, 1).to_pylist()[0]
        return CheckResult(
            about_revision=self._agency.check == "implausible",
            check=CHECK,
            dataset=current.dataset.name,
            vintage=current.vintage.id,
            severity="warning" if self._agency.check == "warning" else "error",
            passed=passed,
            message="drinkable" if passed else "1 price tastes of dust",
            failures=0 if passed else 1,
            cells=()
            if passed
            else (
                {
                    "ref_area": first["ref_area"],
                    "category": first["category"],
                    "obs_value": str(first["obs_value"]),
                    "before": previous.vintage.id if previous else None,
                },
            ),
        )


LATEST = Model(
    name=MODEL,
    title="The latest known price of each tea",
    inputs=(SOURCE,),
    grain=("dataset", "port", "grade", "time_period"),
    columns=(
        Column(name="dataset", type="text", description="Kind of tea", nullable=False),
        Column(name="port", type="text", description="Port of the auction", nullable=False),
        Column(name="grade", type="text", description="Grade of the leaf", nullable=False),
        Column(name="time_period", type="text", description="Month", nullable=False),
        Column(name="price", type="decimal", description="Price", unit="Pounds a chest"),
        Column(name="vintage", type="text", description="Release it was read from", nullable=False),
    ),
    sql="""
        SELECT dataset, ref_area AS port, category AS grade, time_period, obs_value AS price, vintage
        FROM tea_prices
        WHERE realtime_end = DATE '9999-12-31'
    """,
)


def family() -> list[Model]:
    """The standard models of the agency's figures."""
    return gold_models(name="tea", source=SOURCE, title="Prices of tea", freq="M")


class TeaPlugin:
    """What the agency's plugin offers. *agency* is asked anew for each object made."""

    def __init__(
        self, agency: Callable[[], TeaAgency], models: Sequence[Model] = (LATEST,)
    ) -> None:
        self._agency = agency
        self._models = models

    @hookimpl
    def statpipe_sources(self) -> Iterable[Component]:
        return [
            Component(
                name=SOURCE,
                summary="Prices of tea by port",
                settings=TeaSettings,
                factory=lambda settings: TeaSource(self._agency(), settings),
            )
        ]

    @hookimpl
    def statpipe_normalizers(self) -> Iterable[Component]:
        return [
            Component(
                name=NORMALIZER,
                summary="The tea agency's JSON",
                factory=lambda _: TeaNormalizer(self._agency().version),
            )
        ]

    @hookimpl
    def statpipe_checks(self) -> Iterable[Component]:
        return [
            Component(
                name=CHECK,
                summary="Says what it is told to say",
                factory=lambda _: TeaCheck(self._agency()),
            )
        ]

    @hookimpl
    def statpipe_models(self) -> Iterable[Model]:
        return self._models


_installed = TeaPlugin(lambda: agency_in(Path(os.environ["TEA_AGENCY"])))


@hookimpl
def statpipe_sources() -> Iterable[Component]:
    """Offer the source."""
    return _installed.statpipe_sources()


@hookimpl
def statpipe_normalizers() -> Iterable[Component]:
    """Offer the normalizer."""
    return _installed.statpipe_normalizers()


@hookimpl
def statpipe_checks() -> Iterable[Component]:
    """Offer the check."""
    return _installed.statpipe_checks()


@hookimpl
def statpipe_models() -> Iterable[Model]:
    """Offer the model."""
    return _installed.statpipe_models()
