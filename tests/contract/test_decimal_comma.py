"""An agency that prints 1.852,25, in a code page of its own, and names its table on the first line."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from contract.caught import assert_caught, failures
from statpipe.api import (
    Area,
    Category,
    ContentError,
    Dataset,
    Normalizer,
    Payload,
    exact,
    observations_from_rows,
)
from statpipe.testing import NormalizerContract

TONNAGE = Dataset(
    name="tonnage",
    title="Cargo on inland waterways",
    normalizer="canals",
    freq="Q",
    areas=tuple(Area(code=c, name=c, level="canal", geo_fips=c) for c in ("Süd", "Nord")),
    categories=(Category(code="ore", name="Ore", unit_measure="Tonnes"),),
)
FIGURES = {
    ("Süd", "ore", "2025-Q1"): "1.204,5",
    ("Süd", "ore", "2025-Q2"): "-17,25",
    ("Nord", "ore", "2025-Q1"): None,
    ("Nord", "ore", "2025-Q2"): "981",
}
TEXT = """Table tonnage
Canal;Goods;2025Q1;2025Q2
Süd;ore;1.204,5;-17,25
Nord;ore;/;981
"""
PAYLOAD = Payload(name="tonnage", body=TEXT.encode("iso-8859-1"))
MISSING = {"/": "Q", ".": "O"}


class CanalNormalizer(Normalizer):
    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]):
        if not payloads:
            raise ContentError(f"{dataset.name}: no payloads")
        rows = [row for payload in payloads for row in self.rows(dataset, payload)]
        return dataset.selection.rows_of(observations_from_rows(rows))

    def rows(self, dataset, payload):
        try:
            first, header, *lines = payload.body.decode("iso-8859-1").splitlines()
            self.of(first, dataset)
            canal, goods, *quarters = header.split(";")
            if (canal, goods) != ("Canal", "Goods") or not lines:
                raise ValueError(f"header {header!r}")  # noqa: TRY301
            if not payload.body.endswith(b"\n"):
                raise ValueError("the last line has no end")  # noqa: TRY301
            for line in lines:
                area, category, *cells = line.split(";")
                for quarter, cell in zip(quarters, cells, strict=True):
                    yield {
                        "ref_area": area,
                        "category": category,
                        "time_period": f"{quarter[:4]}-{quarter[4:]}",
                        "obs_value": None if cell in MISSING else self.number(cell),
                        "obs_status": MISSING.get(cell, "A"),
                    }
        except ValueError as error:
            raise ContentError(f"payload {payload.name}: {error!r}; expected a table") from error

    def of(self, first, dataset):
        if first != f"Table {dataset.name}":
            raise ValueError(f"{first!r} is not of {dataset.name}")

    def number(self, cell):
        return exact(cell, mark=",", grouping=".")


class TestCanalNormalizer(NormalizerContract):
    decimal_mark = ","
    encoding = "iso-8859-1"
    markers = frozenset(MISSING)

    @pytest.fixture
    def normalizer(self):
        return CanalNormalizer()

    @pytest.fixture
    def dataset(self):
        return TONNAGE

    @pytest.fixture
    def payloads(self):
        return [PAYLOAD]

    @pytest.fixture
    def figures(self):
        return FIGURES


class TakesTheCommaForGrouping(CanalNormalizer):
    def number(self, cell):
        return Decimal(cell.replace(",", ""))


class TakesAnyGrouping(CanalNormalizer):
    def number(self, cell):
        return Decimal(cell.replace(".", "").replace(",", "."))


class ThinksInFloats(CanalNormalizer):
    def number(self, cell):
        return Decimal(str(float(super().number(cell))))


class LeavesOutTheLastQuarter(CanalNormalizer):
    def rows(self, dataset, payload):
        return (row for row in super().rows(dataset, payload) if row["time_period"] != "2025-Q2")


class TakesAnyTable(CanalNormalizer):
    def of(self, first, dataset):
        pass


CAUGHT = {
    TakesTheCommaForGrouping: (
        "test_the_example_is_read_as_printed",
        "prints 1204.5 for Süd ore 2025-Q1, and the table says",
    ),
    TakesAnyGrouping: (
        "test_a_misplaced_separator_is_refused",
        "for Süd ore 2025-Q1 the payload says '1.23', and the table says 123",
    ),
    ThinksInFloats: (
        "test_a_long_figure_keeps_every_digit",
        "the payload says 12345678901234567.12345",
    ),
    LeavesOutTheLastQuarter: (
        "test_the_example_is_read_as_printed",
        "has no such row",
    ),
    TakesAnyTable: (
        "test_a_payload_of_another_table_is_refused",
        "payload tonnage says that it is of tonnage, but is accepted as one of tonnageZ",
    ),
}


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_normalizer_that_breaks_a_promise_is_caught(mutant):
    class Commas(NormalizerContract):
        decimal_mark = ","

    said = failures(
        Commas,
        CAUGHT[mutant][0],
        normalizer=mutant(),
        dataset=TONNAGE,
        payloads=lambda: [PAYLOAD],
        figures=FIGURES,
    )
    assert_caught(said, *CAUGHT[mutant])
