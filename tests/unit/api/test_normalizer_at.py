"""A normalizer by its place: a class, or a mere function."""

from __future__ import annotations

import json
import pickle
import sys
from decimal import Decimal
from types import ModuleType

import pytest

from statpipe.api import (
    Area,
    Category,
    ContentError,
    Dataset,
    Payload,
    PluginError,
    RowNormalizer,
    normalizer_at,
)

HERE = __name__
TEA = Dataset(
    name="tea",
    title="Tea",
    normalizer=f"{HERE}:prices",
    areas=(Area(code="CAL", name="Calcutta", level="port"),),
    categories=(Category(code="fine", name="Fine", unit_measure="Pounds"),),
)
PAYLOAD = Payload(name="tea", body=b'{"CAL": "17.5"}')


def prices(dataset, payload):
    for port, price in json.loads(payload.body).items():
        yield {
            "ref_area": port,
            "category": dataset.categories[0].code,
            "time_period": "2023",
            "obs_value": Decimal(price),
        }


class Prices(RowNormalizer):
    version = "7"

    def rows(self, dataset, payload):
        return prices(dataset, payload)


NOTHING = None
numbered = type("numbered", (), {"__call__": lambda *_: [], "version": 2})()


@pytest.mark.parametrize("name", ["prices", "Prices"])
def test_a_function_or_class_is_found_and_can_be_pickled(name):
    found = pickle.loads(pickle.dumps(normalizer_at(f"{HERE}:{name}")))
    table = found.normalize(TEA, [PAYLOAD])
    assert table["obs_value"].to_pylist() == [Decimal("17.5")]


def test_a_function_has_the_version_in_its_attribute(monkeypatch):
    assert normalizer_at(f"{HERE}:prices").version == "1"
    monkeypatch.setattr(prices, "version", "2", raising=False)
    assert normalizer_at(f"{HERE}:prices").version == "2"
    assert normalizer_at(f"{HERE}:Prices").version == "7"


def test_a_payload_that_a_function_cannot_read_is_refused():
    with pytest.raises(ContentError, match="payload tea"):
        normalizer_at(TEA.normalizer).normalize(TEA, [Payload(name="tea", body=b"<html>")])


def test_the_authors_of_a_function_are_its_own():
    assert normalizer_at(TEA.normalizer).__module__ == HERE


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("no_such_agency:rows", "cannot be loaded"),
        (":rows", "cannot be loaded"),
        (f"{HERE}:roes", "cannot be loaded"),
        (f"{HERE}:NOTHING", "is None; expected a class of normalizers or a function"),
        ("decimal:Decimal", "expected a class of normalizers or a function"),
        (f"{HERE}:numbered", "has the version 2; expected text"),
    ],
)
def test_a_path_without_a_normalizer_is_refused(place, words):
    with pytest.raises(PluginError, match=words) as refused:
        normalizer_at(place)
    assert place in str(refused.value)


def test_a_class_with_settings_is_refused_with_a_message(monkeypatch):
    module = ModuleType("agency_with_settings")
    module.Wants = type("Wants", (RowNormalizer,), {"__init__": lambda self, settings: None})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with pytest.raises(PluginError, match="cannot be made without settings"):
        normalizer_at("agency_with_settings:Wants")
