"""The contract of normalizers, at offices that write otherwise: units, identifiers of series, remarks."""

import json

import attrs
import pytest

from contract.caught import assert_caught, failures
from contract.rain import RAIN, STATIONS, RainNormalizer, payload_of
from statpipe.api import ContentError, Normalizer, Payload, observations_from_rows
from statpipe.testing import NormalizerContract
from statpipe.testing.normalizer_contract.reading import writes_lost_text


class MeasuredRain(RainNormalizer):
    """The office says what its figures are in."""

    def rows(self, payload):
        unit = json.loads(payload.body).get("unit")
        if unit != "millimetres":
            raise ContentError(f"payload {payload.name}: unit {unit!r}; expected millimetres")
        return super().rows(payload)


@pytest.mark.parametrize(("kind", "caught"), [(RainNormalizer, True), (MeasuredRain, False)])
def test_a_normalizer_that_ignores_a_new_unit_is_caught(kind, caught):
    bodies = [json.loads(payload_of(s).body) | {"unit": "millimetres"} for s in STATIONS]
    payloads = [Payload(name=b["station"], body=json.dumps(b).encode()) for b in bodies]
    promise = "test_another_unit_is_refused"
    said = failures(
        NormalizerContract, promise, normalizer=kind(), dataset=RAIN, payloads=lambda: payloads
    )
    if caught:
        assert_caught(said, promise, "say Bushels instead of millimetres, and the table still says")
    else:
        assert said == {}


class SeriesNormalizer(Normalizer):
    """The office gives each series an identifier, of which the first sign is the station."""

    def normalize(self, dataset, payloads):
        rows = [row for payload in payloads for row in self.rows(payload)]
        if not rows:
            raise ContentError("no series; expected some")
        return dataset.selection.rows_of(observations_from_rows(rows))

    def rows(self, payload):
        return [
            {"time_period": month, "obs_value": value} | self.codes(one["id"])
            for one in json.loads(payload.body)["series"]
            for month, value in one["data"].items()
            if self.codes(one["id"])
        ]

    def codes(self, identifier):
        return {"ref_area": identifier[3:4], "category": identifier[4:]}


class KnowsItsSeries(SeriesNormalizer):
    def codes(self, identifier):
        known = {f"RAI{s}{c}": (s, c) for s in STATIONS for c in ("rain", "snow")}
        if identifier not in known:
            return {}
        return dict(zip(("ref_area", "category"), known[identifier], strict=True))


@pytest.mark.parametrize(("kind", "caught"), [(SeriesNormalizer, False), (KnowsItsSeries, True)])
def test_a_normalizer_that_ignores_a_new_code_in_an_identifier_is_caught(kind, caught):
    promise = "test_a_new_code_is_not_left_out"
    figures = {("N", "rain", "2024-01"): "12.5", ("S", "snow", "2024-02"): "3.25"}
    series = [
        {"id": f"RAI{s}{c}", "data": {month: text}} for (s, c, month), text in figures.items()
    ]
    payload = Payload(name="series", body=json.dumps({"series": series}).encode())
    said = failures(
        NormalizerContract,
        promise,
        normalizer=kind(),
        dataset=RAIN,
        payloads=lambda: [payload],
        figures=figures,
    )
    if caught:
        words = (
            "there is the identifier RAINqqqq instead of RAINrain in the payloads, and the row of"
        )
        assert_caught(said, promise, words)
    else:
        assert said == {}


class NotedRain(RainNormalizer):
    """The office adds remarks in words."""

    def row(self, station, record):
        remark = record["remark"]
        if not isinstance(remark, str):
            raise TypeError(f"remark {remark!r}")
        return super().row(station, record) | {"notes": remark}


class LosesNotes(NotedRain):
    def rows(self, payload):
        text = payload.body.decode(errors="replace")
        return super().rows(attrs.evolve(payload, body=text.encode()))


class AsciiNotes(NotedRain):
    def rows(self, payload):
        text = payload.body.decode("ascii", errors="replace")
        return super().rows(attrs.evolve(payload, body=text.encode()))


def noted(station):
    document = json.loads(payload_of(station).body)
    for record in document["records"]:
        record["remark"] = "caf\u00e9"
    return Payload(name=station, body=json.dumps(document, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (NotedRain, None),
        (LosesNotes, "what stood there is lost"),
        (AsciiNotes, "what stood there is lost"),
    ],
)
def test_half_a_character_removed_from_notes_by_the_gate_is_accepted(kind, said):
    promise = "test_text_that_cannot_be_decoded_is_not_replaced"
    found = failures(
        NormalizerContract,
        promise,
        normalizer=kind(),
        dataset=RAIN,
        payloads=lambda: [noted(s) for s in STATIONS],
    )
    if said is None:
        assert found == {}
    else:
        assert_caught(found, promise, said)


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        (r"\ud800", True),
        (r"a\uDC00b", True),
        (r"\ud83d\ude00", False),
        (r"\ud83d\ude00\ude00", True),
        (r"\uFFFD", True),
        ("\ufffd", True),
        ("caf\u00e9", False),
    ],
)
def test_a_payload_may_contain_a_replacement_character(printed, says):
    assert writes_lost_text(Payload(name="p", body=f'{{"n": "{printed}"}}'.encode())) is says
