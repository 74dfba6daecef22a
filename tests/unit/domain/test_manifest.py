"""A manifest is plain JSON that is always readable."""

import json
from datetime import UTC, date, datetime

import attrs

from statpipe.domain.manifest import (
    BronzeObject,
    Held,
    Manifest,
    Origin,
    VintageRecord,
    manifest_fault,
)
from statpipe.domain.selection import Selection
from statpipe.domain.vintage import Vintage

NOW = datetime(2026, 10, 6, 14, 15, tzinfo=UTC)
PLAIN = Manifest(
    run_id="20261006T141500000000Z-0000",
    source="agency",
    environment="local",
    command="run agency",
    started=NOW,
    finished=NOW,
    outcome="unchanged",
    exit_code=0,
)


def test_times_are_iso_8601_and_keys_are_sorted():
    document = json.loads(PLAIN.as_json())
    assert document["started"] == "2026-10-06T14:15:00+00:00"
    assert list(document) == sorted(document)


def test_equal_manifests_are_equal_bytes_for_any_order_of_mappings():
    one = attrs.evolve(PLAIN, versions={"a": "1", "b": "2"})
    other = attrs.evolve(PLAIN, versions={"b": "2", "a": "1"})
    assert one.as_json() == other.as_json()


def test_a_manifest_is_readable_for_people():
    text = attrs.evolve(PLAIN, message="¿qué? 茶").as_json().decode()
    assert '"message": "¿qué? 茶"' in text
    assert len(text.splitlines()) > 10


def test_a_message_with_an_undecodable_file_name_is_recorded():
    """Python shows undecodable bytes of file names as lone surrogates, which UTF-8 has not."""
    broken = attrs.evolve(PLAIN, message="no file t\udce9.csv")
    assert json.loads(broken.as_json())["message"] == "no file t\\udce9.csv"


def test_a_held_entry_returns_its_vintage():
    vintage = Vintage(
        released=date(2022, 10, 6),
        note="Last updated",
        token="t",
        sequence=2,
        selection=Selection(areas=["CA"]),
    )
    held = Held(
        dataset="T1",
        released=vintage.released,
        sequence=vintage.sequence,
        note=vintage.note,
        token=vintage.token,
        selection=vintage.selection,
        made_from=(Origin(run_id="r", vintage="2022-10-06.02"),),
    )
    assert held.vintage == vintage


def test_the_repr_of_a_manifest_is_always_short():
    bronze = BronzeObject(
        key="k", name="n", sha256="0", size=1, media_type="text/csv", request={"a": "b"}
    )
    record = VintageRecord(
        dataset="T", vintage="v", note="", outcome="loaded", bronze=(bronze,) * 100
    )
    held = Held(dataset="T", released=date(2022, 10, 6), sequence=1, note="", token="")
    assert len(repr(attrs.evolve(PLAIN, vintages=(record,), holds=(held,) * 100))) < 1500


RUN = ("agency", PLAIN.run_id)


def test_a_manifest_only_belongs_to_its_run():
    assert manifest_fault(PLAIN.as_json(), *RUN) == ""
    assert manifest_fault(PLAIN.as_json(), "agency", "another") == (
        f"it is the manifest of run {PLAIN.run_id} of agency"
    )


def test_every_flipped_bit_of_a_manifest_is_noticed():
    body = PLAIN.as_json()
    for place in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[place // 8] ^= 1 << place % 8
        assert manifest_fault(bytes(flipped), *RUN), place


def test_a_manifest_of_an_older_version_has_no_hash_and_is_intact():
    older = json.loads(PLAIN.as_json())
    del older["self_sha256"]
    assert manifest_fault(json.dumps(older).encode(), *RUN) == ""
    assert manifest_fault(json.dumps({**older, "sel_sha256": "0"}).encode(), *RUN) == (
        "its bytes have changed"
    )
