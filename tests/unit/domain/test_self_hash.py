"""A file that carries its own hash notices the change of any of its bytes."""

import json
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.domain.self_hash import hashed_json, is_hashed, json_fault
from statpipe.domain.vintage import Vintage

DOCUMENT = {"name": "¿qué? 茶", "nested": {"self_sha256": "0" * 64}, "rows": [1, 2], "zone": None}


def test_the_document_is_unchanged_except_for_its_hash():
    found = json.loads(hashed_json(DOCUMENT))
    assert len(found.pop("self_sha256")) == 64
    assert found == DOCUMENT


def test_keys_stay_sorted():
    assert list(json.loads(hashed_json(DOCUMENT))) == sorted([*DOCUMENT, "self_sha256"])


def test_dates_become_texts_and_classes_become_objects():
    moment = datetime(2022, 10, 6, 8, 30, tzinfo=UTC)
    vintage = Vintage(released=moment.date(), released_at=moment)
    document = json.loads(hashed_json({"holds": [vintage]}))
    assert document["holds"][0]["released"] == "2022-10-06"
    assert document["holds"][0]["released_at"] == "2022-10-06T08:30:00+00:00"
    assert document["holds"][0]["selection"] == attrs.asdict(vintage.selection)


def test_an_intact_document_has_no_fault():
    assert json_fault(hashed_json(DOCUMENT)) == ""


def test_every_flipped_bit_is_noticed_unless_it_hides_the_hash():
    """A flip in the name of the key makes a document of an older version, with a key unknown there."""
    body = hashed_json(DOCUMENT)
    for place in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[place // 8] ^= 1 << place % 8
        if not json_fault(bytes(flipped)):
            assert set(json.loads(bytes(flipped))) - {*DOCUMENT}
            assert not is_hashed(bytes(flipped))


@settings(max_examples=60, deadline=None)
@given(rest=st.integers(0, 400), more=st.binary(max_size=5))
def test_a_truncated_or_extended_document_is_noticed(rest, more):
    body = hashed_json(DOCUMENT)
    other = body[:rest] + more
    assert other == body or json_fault(other)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "it is empty"),
        (b"\0" * 40, "it is not valid JSON"),
        (b"{", "it is not valid JSON"),
        (b"[" * 100_000, "it is not valid JSON"),
        (b"[]", "it is not a JSON object"),
        (b'{"self_sha256": "x"}', "its bytes have changed"),
        (b'{"an": "older version"}', ""),
    ],
)
def test_the_fault_is_described_in_words(body, fault):
    assert json_fault(body) == fault
