"""A payload is what arrived and what was asked, and shows no byte of it by accident."""

import hashlib
import pickle
import re

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.payload import MEDIA_SUFFIXES, Payload


def test_the_repr_of_a_payload_hides_the_body_and_shows_its_size():
    shown = repr(Payload(name="x", body=b"figures" * 1000, request={"line": "9"}))
    assert "figures" not in shown
    assert "<7,000 bytes>" in shown
    assert "'line': '9'" in shown


@given(st.binary(max_size=50))
def test_the_hash_of_a_payload_is_that_of_its_body(body):
    payload = Payload(name="x", body=body)
    assert payload.sha256 == hashlib.sha256(body).hexdigest()
    assert attrs.evolve(payload, body=body + b"!").sha256 != payload.sha256


@pytest.mark.parametrize("name", ["T1", "SAPCE1-line-9", "a.b_c", "9"])
def test_a_name_may_be_a_file_name(name):
    assert Payload(name=name, body=b"").name == name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("structure-A$B", "structure-A_B"),
        ("CL_AREA@ECB", "CL_AREA_ECB"),
        ("a b", "a_b"),
        ("a\n", "a_"),
        ("a#\x00/1", "a_1"),
        ("a\\b", "a_b"),
        ("../x", "x"),
        (".hidden", "hidden"),
        ("-x", "x"),
        ("ä", "payload"),
        ("..", "payload"),
        ("", "payload"),
    ],
)
def test_any_other_name_is_made_valid(given, name):
    assert Payload(name=given, body=b"").name == name


@given(st.text())
def test_no_name_points_outside_its_folder(given):
    name = Payload(name=given, body=b"").name
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name)
    assert Payload(name=name, body=b"").name == name


@pytest.mark.parametrize(
    ("media_type", "suffix"), [*MEDIA_SUFFIXES.items(), ("application/x-odd", ".bin")]
)
def test_the_suffix_matches_the_media_type(media_type, suffix):
    assert Payload(name="x", body=b"", media_type=media_type).suffix == suffix


def test_a_payload_is_sent_completely_to_another_process():
    payload = Payload(name="x", body=b"\x00\xff", request={"a": "b"})
    assert payload.sha256  # remembered, and so pickled too
    copy = pickle.loads(pickle.dumps(payload))
    assert copy == payload
    assert copy.sha256 == payload.sha256


def test_a_payload_cannot_be_changed():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Payload(name="x", body=b"").body = b"other"
