"""Manifests are read back unchanged from the lake, or the damaged one is named."""

import json
from datetime import UTC, date, datetime

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from statpipe.api import (
    EVERYTHING,
    BronzeObject,
    CheckResult,
    ContentError,
    Held,
    Manifest,
    Origin,
    Payload,
    Receipt,
    Selection,
    VintageRecord,
)
from statpipe.domain.self_hash import hashed_json
from statpipe.engine.record.records import (
    Damaged,
    held_of,
    latest_manifest,
    manifest_of,
    mended_manifest,
    record_of,
    whole_manifests,
)
from support.fakes import MemoryLake

RUN = "20261006T141500000000Z-0000"
NOW = datetime(2026, 10, 6, 14, 15, tzinfo=UTC)
PLAIN = Manifest(
    run_id=RUN,
    source="agency",
    environment="local",
    command="run",
    started=NOW,
    finished=NOW,
    outcome="unchanged",
    exit_code=0,
)

names = st.sampled_from(["", "T1", "¿qué? 茶", 'quo"te\\', "two\nlines", "t\udce9"])
codes = st.one_of(st.none(), st.lists(st.sampled_from(["CA", "US", "2020"])))
selections = st.one_of(
    st.just(EVERYTHING), st.builds(Selection, areas=codes, categories=codes, periods=codes)
)
moments = st.datetimes(timezones=st.just(UTC))
days = st.dates(date(1000, 1, 1))
few = {"max_size": 2}
bronze = st.builds(
    BronzeObject,
    key=names,
    name=names,
    sha256=names,
    size=st.integers(0),
    media_type=names,
    request=st.dictionaries(names, names, **few),
    retrieved=st.one_of(st.none(), moments),
)
records = st.builds(
    VintageRecord,
    dataset=names,
    vintage=names,
    note=names,
    outcome=st.sampled_from(["loaded", "unchanged", "ingested", "refused"]),
    reason=names,
    rows=st.integers(0),
    figures=names,
    fingerprint=names,
    selection=selections,
    bronze=st.lists(bronze, **few).map(tuple),
)
checks = st.builds(
    CheckResult,
    check=names,
    dataset=names,
    vintage=names,
    severity=st.sampled_from(["error", "warning"]),
    passed=st.booleans(),
    message=names,
    failures=st.integers(0),
    cells=st.lists(
        st.dictionaries(names, st.one_of(st.none(), st.booleans(), st.integers(), names), **few),
        **few,
    ).map(tuple),
)
receipts = st.builds(
    Receipt,
    sink=names,
    path=names,
    fingerprint=names,
    rows=st.integers(0),
    inserted=st.integers(0),
    updated=st.integers(0),
    deleted=st.integers(0),
    bytes_written=st.integers(0),
)
helds = st.builds(
    Held,
    dataset=names,
    released=days,
    sequence=st.integers(1),
    note=names,
    token=names,
    selection=selections,
    figures=names,
    fingerprint=names,
    rows=st.integers(0),
    code=names,
    made_from=st.lists(st.builds(Origin, run_id=names, vintage=names), **few).map(tuple),
)
manifests = st.builds(
    Manifest,
    run_id=st.just(RUN),
    source=st.just("agency"),
    environment=names,
    command=names,
    started=moments,
    finished=moments,
    outcome=st.sampled_from(
        ["loaded", "unchanged", "ingested", "refused", "failed", "interrupted"]
    ),
    exit_code=st.integers(0, 6),
    message=names,
    notice=names,
    vintages=st.lists(records, **few).map(tuple),
    checks=st.lists(checks, **few).map(tuple),
    receipts=st.lists(receipts, **few).map(tuple),
    versions=st.dictionaries(names, names, **few),
    holds=st.lists(helds, **few).map(tuple),
)


def lake_with(body, run_id=RUN):
    lake = MemoryLake()
    lake.runs["agency", run_id] = body
    return lake


@settings(deadline=None, max_examples=60)
@given(whole=manifests)
def test_a_manifest_is_read_back_unchanged_from_json(whole):
    found = manifest_of(lake_with(whole.as_json()), "agency", RUN)
    assert found == whole
    assert found.as_json() == whole.as_json()


def test_a_selection_of_no_area_is_not_read_back_as_everything():
    record = VintageRecord(
        dataset="T", vintage="v", note="", outcome="loaded", selection=Selection(areas=())
    )
    whole = attrs.evolve(PLAIN, vintages=(record,))
    found = manifest_of(lake_with(whole.as_json()), "agency", RUN)
    assert found.vintages[0].selection == Selection(areas=()) != EVERYTHING


def test_fields_of_a_newer_version_are_ignored():
    document = json.loads(PLAIN.as_json()) | {"invented_later": {"x": 1}}
    assert manifest_of(lake_with(hashed_json(document)), "agency", RUN) == PLAIN


def test_an_unreadable_manifest_of_a_newer_version_names_that_version():
    """Its hash says that it is whole."""
    document = json.loads(PLAIN.as_json()) | {"outcome": {"invented": "later"}, "holds": [1]}
    with pytest.raises(ContentError, match="a newer version of statpipe wrote it; upgrade"):
        manifest_of(lake_with(hashed_json(document)), "agency", RUN)


def test_a_manifest_of_an_older_version_is_read_without_a_hash():
    document = json.loads(PLAIN.as_json())
    del document["self_sha256"]
    assert manifest_of(lake_with(json.dumps(document).encode()), "agency", RUN) == PLAIN


READS_BADLY = (
    "cannot be read.*restore it from a backup, or set it aside with "
    "`statpipe lake verify agency --repair`"
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        PLAIN.as_json()[:-10],
        PLAIN.as_json().replace(b'"unchanged"', b'"invented_later"'),
        PLAIN.as_json().replace(b"2026-10-06T", b"yesterday "),
        PLAIN.as_json().replace(b'"exit_code": 0', b'"exit_code": "none"'),
        PLAIN.as_json().replace(b'"holds": []', b'"holds": [{"dataset": "T"}]'),
        PLAIN.as_json().replace(b'"vintages": []', b'"vintages": 5'),
    ],
)
def test_a_damaged_manifest_is_reported_with_its_run(body):
    with pytest.raises(Damaged, match=READS_BADLY) as caught:
        manifest_of(lake_with(body), "agency", RUN)
    assert f"the manifest of run {RUN} of agency" in str(caught.value)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=150)
@given(field=st.sampled_from([field.name for field in attrs.fields(Manifest)]), value=json_values)
def test_a_manifest_with_any_changed_field_is_read_or_reported(field, value):
    document = json.loads(PLAIN.as_json()) | {field: value}
    try:
        found = manifest_of(lake_with(json.dumps(document).encode()), "agency", RUN)
    except ContentError:
        return
    assert isinstance(found, Manifest)


def test_the_newest_run_lists_the_vintages():
    held = Held(dataset="T", released=date(2022, 10, 6), sequence=1, note="", token="")
    lake = MemoryLake()
    assert latest_manifest(lake, "agency") is None
    assert held_of(lake, "agency") == ()
    newer = attrs.evolve(PLAIN, run_id="20270101T000000000000Z-0000", holds=(held,))
    for manifest in (newer, PLAIN, attrs.evolve(newer, source="other", holds=())):
        lake.record(manifest)
    assert latest_manifest(lake, "agency") == newer
    assert held_of(lake, "agency") == (held,)


def test_the_payloads_of_a_vintage_are_found_through_its_record():
    lake = MemoryLake()
    payloads = [Payload(name=f"T-{n}", body=bytes([n]), retrieved=NOW) for n in (2, 1)]
    record = VintageRecord(
        dataset="T",
        vintage="2022-10-06",
        note="",
        outcome="loaded",
        bronze=tuple(lake.keep("agency", "T", payload) for payload in payloads),
    )
    empty = attrs.evolve(record, dataset="U", bronze=())
    lake.record(attrs.evolve(PLAIN, vintages=(empty, record)))
    origin = Origin(run_id=RUN, vintage="2022-10-06")
    found = record_of(lake, "agency", "T", origin)
    assert found == record
    assert [lake.payload(kept) for kept in found.bronze] == payloads
    with pytest.raises(ContentError, match=f"run {RUN} of agency has no record of U 2022-10-06"):
        record_of(lake, "agency", "U", origin)


LATER = "20261007T141500000000Z-0000"


def lake_of_two():
    """The second run says that the lake holds something."""
    lake = MemoryLake()
    held = Held(dataset="T1", released=date(2026, 10, 7), sequence=1, note="", token="t")
    lake.record(PLAIN)
    lake.record(attrs.evolve(PLAIN, run_id=LATER, holds=(held,)))
    return lake, held


def tear(lake, *places):
    for place in places:
        place["agency", LATER] = place["agency", LATER][:40]


def test_a_truncated_manifest_is_read_from_its_copy():
    lake, held = lake_of_two()
    tear(lake, lake.runs)
    assert held_of(lake, "agency") == (held,)
    assert lake.aside == []


def test_a_run_with_the_lock_restores_the_manifest():
    lake, held = lake_of_two()
    tear(lake, lake.runs)
    assert mended_manifest(lake, "agency").holds == (held,)
    assert lake.aside == [("agency", LATER)]
    assert not lake.manifest_faults("agency", LATER)


def test_without_an_intact_copy_the_run_before_counts():
    lake, _ = lake_of_two()
    tear(lake, lake.runs, lake.copies)
    assert latest_manifest(lake, "agency") == PLAIN
    assert lake.aside == []
    assert mended_manifest(lake, "agency") == PLAIN
    assert lake.run_ids("agency") == [("agency", RUN)]


def test_a_manifest_with_a_damaged_copy_gives_one_warning():
    lake, _ = lake_of_two()
    tear(lake, lake.runs, lake.copies)
    with capture_logs() as lines:
        mended_manifest(lake, "agency")
        mended_manifest(lake, "agency")
        held_of(lake, "agency")
    (line,) = lines
    assert f"runs/agency/{LATER}" in line["fault"]
    assert f"copies/agency/{LATER}" in line["fault"]
    assert line["what"] == "set aside; continuing from the previous run"


def test_a_manifest_that_cannot_be_set_aside_gives_one_warning():
    lake, _ = lake_of_two()
    tear(lake, lake.runs, lake.copies)
    with capture_logs() as lines:
        for _ in range(3):
            held_of(lake, "agency")
        list(whole_manifests(lake, "agency"))
    assert [line["event"] for line in lines] == ["a damaged manifest is passed over"]
    assert LATER in lines[0]["error"]


def test_each_lake_gives_its_own_warning():
    for lake in (lake_of_two()[0], lake_of_two()[0]):
        tear(lake, lake.runs, lake.copies)
        with capture_logs() as lines:
            held_of(lake, "agency")
        assert len(lines) == 1


def test_intact_manifests_are_read_despite_a_damaged_one():
    lake, _ = lake_of_two()
    tear(lake, lake.runs, lake.copies)
    assert list(whole_manifests(lake, "agency")) == [PLAIN]
