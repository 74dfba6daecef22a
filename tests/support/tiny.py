"""A second agency, which has nothing to do with BEA: monthly prices of tea, in an agency's memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

import attrs

from statpipe.api import (
    Category,
    Check,
    CheckResult,
    Column,
    Component,
    ContentError,
    Dataset,
    Model,
    Normalizer,
    Payload,
    Selection,
    Snapshot,
    Source,
    Vintage,
    hookimpl,
    observations_from_rows,
)

Cell = tuple[str, str, str]
"""Area, category, period."""


class Agency:
    """What the agency would answer now: for each dataset its releases, each a date and figures."""

    def __init__(self) -> None:
        self.releases: dict[str, list[tuple[date, dict[Cell, str | None]]]] = {}
        self.selection: dict[str, Selection] = {}
        self.lists_all = False
        self.trouble: BaseException | None = None
        self.trouble_after = 0
        self.asked = 0
        self.refuse: set[str] = set()
        self.version = "1"

    def now(self, dataset: str) -> tuple[date, dict[Cell, str | None]]:
        return self.releases[dataset][-1]

    def ask(self) -> None:
        self.asked += 1
        if self.trouble is not None and self.asked > self.trouble_after:
            raise self.trouble


def inside(selection: Selection, cell: Cell) -> bool:
    chosen = (selection.areas, selection.categories, selection.periods)
    return all(codes is None or part in codes for codes, part in zip(chosen, cell, strict=True))


class TeaSource(Source):
    def __init__(self, agency: Agency) -> None:
        self.agency = agency

    def datasets(self) -> Sequence[Dataset]:
        return [
            Dataset(
                name=name,
                title=f"Prices of {name}",
                normalizer="tea_json",
                freq="M",
                categories=tuple(
                    Category(code=c, name=c.title(), unit_measure="Pence")
                    for c in ("black", "green")
                ),
                selection=self.agency.selection.get(name, Selection()),
            )
            for name in sorted(self.agency.releases)
        ]

    def probe(self, dataset: Dataset) -> Vintage:
        return self.vintages(dataset)[-1]

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        self.agency.ask()
        releases = self.agency.releases[dataset.name]
        return [
            Vintage(
                released=day,
                note=f"of {day}",
                token=hashlib.sha256(repr(sorted(figures.items())).encode()).hexdigest(),
                selection=dataset.selection,
            )
            for day, figures in (releases if self.agency.lists_all else releases[-1:])
        ]

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        for day, figures in self.agency.releases[dataset.name]:
            token = hashlib.sha256(repr(sorted(figures.items())).encode()).hexdigest()
            if (day, token) != (vintage.released, vintage.token):
                continue
            for area in sorted({cell[0] for cell in figures}):
                self.agency.ask()
                rows = [
                    [*cell, value]
                    for cell, value in sorted(figures.items())
                    if cell[0] == area and inside(dataset.selection, cell)
                ]
                if rows:
                    body = json.dumps(rows).encode()
                    yield Payload(name=f"{dataset.name}-{area}", body=body, request={"area": area})
            return


@attrs.frozen
class TeaNormalizer(Normalizer):
    version: str = "1"

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> Any:
        rows = []
        for payload in payloads:
            try:
                cells = json.loads(payload.body)
            except ValueError as error:
                msg = f"payload {payload.name}: no JSON; expected a list of cells"
                raise ContentError(msg, payload=payload) from error
            for area, category, period, value in cells:
                rows.append(
                    {
                        "ref_area": area,
                        "category": category,
                        "time_period": period,
                        "obs_value": value,
                        "obs_status": "A" if value is not None else "O",
                    }
                )
        return observations_from_rows(rows)


class TeaCheck(Check):
    def __init__(self, agency: Agency) -> None:
        self.agency = agency

    def check(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        refused = current.dataset.name in self.agency.refuse
        return CheckResult(
            check="tea_check",
            dataset=current.dataset.name,
            vintage=current.vintage.id,
            severity="error",
            passed=not refused,
            message="tastes bad" if refused else "fine",
            failures=int(refused),
            cells=({"ref_area": "X", "figure": "1.5"},) if refused else (),
        )


MODEL = Model(
    name="tea_latest",
    title="Latest prices of tea",
    inputs=("tea",),
    grain=("dataset", "ref_area", "category", "time_period"),
    columns=(
        *(
            Column(name=name, type="text", description=name, nullable=False)
            for name in ("dataset", "ref_area", "category", "time_period", "vintage")
        ),
        Column(name="price", type="decimal", description="price", unit="pence"),
    ),
    sql="""
        SELECT dataset, ref_area, category, time_period, vintage, obs_value AS price FROM (
            SELECT *, row_number() OVER (
                PARTITION BY dataset, ref_area, category, time_period ORDER BY vintage DESC) AS n
            FROM tea) WHERE n = 1
    """,
)


def plugin(agency: Agency) -> Any:
    """A module's worth of hooks."""

    @hookimpl
    def statpipe_sources() -> Iterable[Component]:
        return [Component(name="tea", summary="Tea", factory=lambda _: TeaSource(agency))]

    @hookimpl
    def statpipe_normalizers() -> Iterable[Component]:
        made = Component(
            name="tea_json", summary="Tea", factory=lambda _: TeaNormalizer(agency.version)
        )
        return [made]

    @hookimpl
    def statpipe_checks() -> Iterable[Component]:
        return [Component(name="tea_check", summary="Tea", factory=lambda _: TeaCheck(agency))]

    @hookimpl
    def statpipe_models() -> Iterable[Model]:
        return [MODEL]

    return SimpleNamespace(
        statpipe_sources=statpipe_sources,
        statpipe_normalizers=statpipe_normalizers,
        statpipe_checks=statpipe_checks,
        statpipe_models=statpipe_models,
    )
