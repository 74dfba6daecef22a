"""A normalizer whose codes are described by a payload keeps the same promises."""

import pytest

from statpipe.testing import NormalizerContract
from support.rates import RatesAgency, RatesNormalizer, RatesSource

RATES = {
    ("D", "USD.EUR.SP00"): {"2024-01-05": "1.0921", "2024-01-06": "1.0930"},
    ("B", "GBP.EUR.SP00"): {"2024-01-08": "0.86105"},
}


class TestRatesNormalizer(NormalizerContract):
    @pytest.fixture
    def source(self):
        agency = RatesAgency()
        agency.publish("2024-01-09", RATES)
        return RatesSource(agency)

    @pytest.fixture
    def normalizer(self):
        return RatesNormalizer()

    @pytest.fixture
    def dataset(self, source):
        return source.datasets()[0]

    @pytest.fixture
    def payloads(self, source, dataset):
        return list(source.fetch(dataset, source.probe(dataset)))

    @pytest.fixture
    def figures(self):
        return {
            ("U2", key, day): rate for (_, key), days in RATES.items() for day, rate in days.items()
        }
