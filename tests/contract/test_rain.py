"""An honest plugin passes its contracts, in a few lines and a few seconds."""

import json
from datetime import date

import pytest

from contract.rain import (
    ANSWERS,
    FIGURES,
    RAIN,
    RainNormalizer,
    RainSource,
    Settings,
    payload_of,
)
from statpipe.api import Secret
from statpipe.testing import LocalAgency, NormalizerContract, SourceContract


class TestRainNormalizer(NormalizerContract):
    @pytest.fixture
    def normalizer(self):
        return RainNormalizer()

    @pytest.fixture
    def dataset(self):
        return RAIN

    @pytest.fixture
    def payloads(self):
        return [payload_of("N"), payload_of("S")]

    @pytest.fixture
    def figures(self):
        return FIGURES


class TestRainSource(SourceContract):
    @pytest.fixture
    def agency(self):
        with LocalAgency() as agency:
            agency.answer("/released", b'{"date": "2024-03-01", "note": "March report"}')
            for station, document in ANSWERS.items():
                agency.answer(f"/rain/{station}", json.dumps(document))
            yield agency

    @pytest.fixture
    def make_source(self, agency, canary):
        return lambda: RainSource(Settings(agency.url, Secret(canary)))

    @pytest.fixture
    def normalizer(self):
        return RainNormalizer()

    @pytest.fixture
    def released(self):
        return date(2024, 3, 1)

    @pytest.fixture
    def revise(self, agency):
        return lambda: agency.answer("/released", b'{"date": "2024-03-01", "note": "corrected"}')
