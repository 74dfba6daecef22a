"""A normalizer that gives its rows one by one."""

from __future__ import annotations

import json
from decimal import Decimal

import attrs
import pytest

from statpipe.api import Area, Category, ContentError, Dataset, Payload, RowNormalizer, Selection

TEA = Dataset(
    name="tea",
    title="Tea",
    normalizer="tea",
    areas=tuple(Area(code=one, name=one, level="port") for one in ("CAL", "MOM")),
    categories=(Category(code="fine", name="Fine", unit_measure="Pounds"),),
)


class Tea(RowNormalizer):
    def rows(self, dataset, payload):
        for port, price in json.loads(payload.body)["prices"].items():
            yield {
                "ref_area": port,
                "category": "fine",
                "time_period": "2023",
                "obs_value": price,
            }


def payload(body, **more):
    return Payload(name=f"tea-{len(body)}", body=body, **more)


CAL, MOM = payload(b'{"prices": {"CAL": "1.50"}}'), payload(b'{"prices": {"MOM": "17.25"}}')


def test_the_rows_of_all_payloads_are_one_table():
    table = Tea().normalize(TEA, [CAL, MOM])
    assert table["ref_area"].to_pylist() == ["CAL", "MOM"]
    assert table["obs_value"].to_pylist() == [Decimal("1.5"), Decimal("17.25")]


def test_only_selected_rows_are_returned():
    narrow = attrs.evolve(TEA, selection=Selection(areas=("MOM",)))
    assert Tea().normalize(narrow, [CAL, MOM])["ref_area"].to_pylist() == ["MOM"]


def test_a_structure_payload_is_only_used_by_describe():
    assert len(Tea().normalize(TEA, [payload(b"<codes/>", structure=True), CAL])) == 1


def test_figures_of_doubles_become_the_shortest_decimals():
    body = payload(b'{"prices": {"CAL": 0.30000000000000004, "MOM": "1.1000000000000001"}}')
    table = Tea().normalize(attrs.evolve(TEA, doubles=True), [body])
    assert table["obs_value"].to_pylist() == [Decimal("0.30000000000000004"), Decimal("1.1")]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{}", "payload tea-2: 'prices' is missing; expected figures of tea"),
        (b"no", "payload tea-2: Expecting value: line 1"),
        (b'{"prices": [1]}', "payload tea-15: 'list' object has no attribute 'items'; expected"),
        (b'{"prices": {}}', r"dataset tea: its payloads \(tea-14\) contain no figures"),
    ],
)
def test_errors_name_the_payload(body, says):
    with pytest.raises(ContentError, match=says):
        Tea().normalize(TEA, [payload(body)])


def test_missing_payloads_are_reported():
    with pytest.raises(ContentError, match=r"its payloads \(none\)"):
        Tea().normalize(TEA, [])
