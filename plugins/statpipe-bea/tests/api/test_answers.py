"""Looking answers over, and quoting texts from outside."""

from __future__ import annotations

import json

import pytest

from statpipe.api import Payload
from statpipe_bea.api.answers import looks_whole

NOTES = [{"NoteRef": " ", "NoteText": "Last updated: October 6, 2022-- new statistics for 2021."}]


def payload(body: bytes) -> Payload:
    return Payload(name="SAPCE1-line-9", body=body)


def whole(**found: object) -> dict[str, object]:
    return {"BEAAPI": {"Request": {"RequestParam": []}, "Results": found}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"BEAAPI":{"Request":{},"Results":{"Data":[{"DataValue":"1"}',
        b'{"BEAAPI":{"Request":{},"Results":{"Data":[{"DataValue":"1"}]}}}<html>',
        b'{"BEAAPI":{"Results":{"Error":{"APIErrorCode":"1"}}}}',
        b'{"beaapi":{"results":{},"error":{"apierrorcode":"1"}}}',
        b'{"BEAAPI":{"Results":{"Error":{"Description":"Busy"}}}}',
        b'{"Results":{"Data":[]}}',
        b'{"BEAAPI":{"Request":{"RequestParam":[]}}}',
        b'{"BEAAPI":{"Results":{"\\u0045rror":{"APIErrorCode":"1"}}}}',
        b'{"BEAAPI":{"Results":{"Notes":"\x81"}}}',
    ],
)
def test_the_quick_check_finds_answers_that_must_be_parsed(body):
    assert not looks_whole(payload(body))


@pytest.mark.parametrize("indent", [None, 1])
def test_the_quick_check_accepts_a_good_answer(indent):
    assert looks_whole(payload(json.dumps(whole(Notes=NOTES), indent=indent).encode() + b"\r\n"))
    assert looks_whole(payload(json.dumps({"BEAAPI": {"Results": [{"Notes": [{}]}]}}).encode()))
