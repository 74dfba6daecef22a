"""The source and the normalizer of regional prices keep what every plugin promises."""

from __future__ import annotations

from datetime import date

import attrs
import pytest

from statpipe.api import Payload, Secret
from statpipe.testing import CheckContract, NormalizerContract, SourceContract, snapshot
from statpipe_bea import price_tables
from statpipe_bea.crosswalk import known_layout
from statpipe_bea.family import regional_prices
from statpipe_bea.line_numbers import LineNumbers
from statpipe_bea.normalizer import RegionalNormalizer
from statpipe_bea.settings import LineNumberSettings, PriceSettings
from statpipe_bea.source import BeaSource
from support.price_releases import FakePrices, Line, Sheet, release_of_2025

from .test_contract_pce import LOCAL, REFUSALS, Bea
from .test_crosswalk import by_api

AREAS = {"00000": "US", "06000": "CA"}
TEN = (
    "real_income_2017",
    "real_income_per_capita_2017",
    "real_pce_2017",
    "real_pce_per_capita_2017",
    "rpp_all_items",
    "rpp_goods",
    "rpp_housing",
    "rpp_utilities",
    "rpp_other_services",
    "deflator_2017",
)


def ten_lines():
    """SARPP of February 2025 for two areas and years, each figure another one, or missing."""
    whole = release_of_2025()["SARPP"]
    texts = iter(f"{n}52.{n}" for n in range(111, 999, 7))
    lines = [
        Line(
            line.title,
            line.unit,
            {
                "00000": {"2020": next(texts), "2021": "(NA)"},
                "06000": {"2020": next(texts), "2021": next(texts)},
            },
        )
        for line in whole.lines
    ]
    return Sheet(whole.table, whole.title, whole.note, tuple(lines), whole.names)


class PricesContract(NormalizerContract):
    @pytest.fixture
    def normalizer(self):
        return RegionalNormalizer()

    @pytest.fixture
    def dataset(self):
        return price_tables.dataset("SARPP")

    @pytest.fixture
    def figures(self):
        return {
            (AREAS[fips], f"SARPP:{code}", year): None if text == "(NA)" else text
            for code, line in zip(TEN, ten_lines().lines, strict=True)
            for fips, of_area in line.figures.items()
            for year, text in of_area.items()
        }

    @pytest.fixture
    def marks(self, figures):
        return {key: ("O", "(NA)") for key, text in figures.items() if text is None}

    @pytest.fixture
    def notes(self, figures):
        return {key: "Not available." for key, text in figures.items() if text is None}


class TestAnswersOfTheApi(PricesContract):
    # What a line is stands in the list of lines as well.
    optional_fields = frozenset({"NoteRef", "Notes", "NoteText", "Statistic"})

    @pytest.fixture
    def payloads(self):
        return by_api(ten_lines())


class TestFilesOfTheZip(PricesContract):
    @pytest.fixture
    def payloads(self):
        name = "SARPP_STATE_2020_2021.csv"
        return [Payload(name=name, body=ten_lines().csv(), media_type="text/csv")]


class TestPriceSource(SourceContract):
    @pytest.fixture
    def fake(self):
        with FakePrices() as fake:
            yield fake

    @pytest.fixture
    def canary(self, fake):
        return fake.key

    @pytest.fixture
    def agency(self, fake):
        return Bea(fake)

    @pytest.fixture
    def make_source(self, agency, fake, monkeypatch):
        from statpipe_bea.api import client

        monkeypatch.setattr(client, "limits", lambda *_: [])  # nothing leaves this machine
        settings = PriceSettings(
            channel="api",
            tables=("SARPP",),
            areas=("US", "CA"),
            years=(2019, 2021),
            key=Secret(fake.key),
            api_url=fake.url,
            environment=LOCAL,
        )
        return lambda: BeaSource(settings, regional_prices())

    @pytest.fixture
    def keyless(self, fake):
        settings = PriceSettings(channel="api", api_url=fake.url, environment=LOCAL)
        return BeaSource(settings, regional_prices())

    @pytest.fixture
    def refusals(self):
        return REFUSALS

    @pytest.fixture
    def normalizer(self):
        return RegionalNormalizer()

    @pytest.fixture
    def released(self):
        return date(2022, 12, 15)

    @pytest.fixture
    def revise(self, fake):
        return lambda: fake.change("SARPP", "1", "06000", "2021", "1.0")


class TestLineNumbers(CheckContract):
    """A release whose lines have the numbers on record, and one in which two have changed places."""

    depends_on = frozenset({"years"})  # the numbers on record are those of some releases
    released = date(2022, 12, 15)

    def release(self, layout):
        dataset = price_tables.dataset("SARPP")
        codes = [category.code for category in dataset.categories][:2]
        figures = {(a, c, "2021"): f"{len(a + c)}.5" for a in ("US", "CA") for c in codes}
        token = "csv:1 lines:" + ",".join(f"{line}={code}" for line, code in layout.items())
        made = snapshot(dataset, figures, self.released)
        return attrs.evolve(made, vintage=attrs.evolve(made.vintage, token=token))

    @pytest.fixture
    def check(self):
        return LineNumbers(LineNumberSettings(severity="error"))

    @pytest.fixture
    def lenient(self):
        return LineNumbers(LineNumberSettings(severity="warning"))

    @pytest.fixture
    def good(self):
        return self.release(known_layout("SARPP", self.released))

    @pytest.fixture
    def bad(self):
        lines = dict(known_layout("SARPP", self.released))
        first, second, *_ = lines
        return self.release(lines | {first: lines[second], second: lines[first]})
