"""The contract is kept by a normalizer of an agency that publishes binary doubles, as numbers of JSON."""

from __future__ import annotations

import json

import pytest

from statpipe.api import Area, Category, Dataset, Payload, RowNormalizer
from statpipe.testing import NormalizerContract

PRICES = Dataset(
    name="prices",
    title="Prices",
    normalizer="doubles",
    freq="M",
    areas=tuple(Area(code=one, name=one, level="port") for one in ("NOR", "SOU")),
    categories=(Category(code="price", name="Price", unit_measure="Crowns"),),
    doubles=True,
)
BODY = b"""{"rows": [
  {"port": "NOR", "month": "2026-01", "value": 0.30000000000000004},
  {"port": "NOR", "month": "2026-02", "value": 1852.25},
  {"port": "SOU", "month": "2026-01", "value": null},
  {"port": "SOU", "month": "2026-02", "value": -17.5}
]}"""


class Doubles(RowNormalizer):
    def rows(self, dataset, payload):
        for row in json.loads(payload.body)["rows"]:
            yield {
                "ref_area": row["port"],
                "category": "price",
                "time_period": row["month"],
                "obs_value": row["value"],
                "obs_status": "O" if row["value"] is None else "A",
            }


class TestDoubles(NormalizerContract):
    @pytest.fixture
    def normalizer(self):
        return Doubles()

    @pytest.fixture
    def dataset(self):
        return PRICES

    @pytest.fixture
    def payloads(self):
        return [Payload(name="prices", body=BODY)]

    @pytest.fixture
    def figures(self):
        return {
            ("NOR", "price", "2026-01"): "0.30000000000000004",
            ("NOR", "price", "2026-02"): "1852.25",
            ("SOU", "price", "2026-01"): None,
            ("SOU", "price", "2026-02"): "-17.5",
        }

    @pytest.fixture
    def marks(self):
        return {("SOU", "price", "2026-01"): ("O", None)}
