"""One lake, one call, one fault: the call is done again, or says what to do."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import gzip
import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor

import attrs
import pyarrow as pa
import pytest

from contract.sink_contract import manifest_of
from statpipe.api import Locked, Partition, Unavailable
from support.fault_proxy import Exchange
from support.s3_faults import PART, PAYLOAD, always, answer, cut_short, sometimes

BRONZE = f"bronze/agency/T/2026-01-01/T-{PAYLOAD.sha256}.json.gz"
SILVER = f"{PART.key.path}/part-0.parquet"
MANIFEST = "runs/agency/run-1.json"
WRITES = {
    BRONZE: lambda lake: lake.keep("agency", "T", PAYLOAD),
    SILVER: lambda lake: lake.write(PART),
    MANIFEST: lambda lake: lake.record(manifest_of("run-1")),
    "locks/agency.lock": lambda lake: lake.lock("agency", 0, lambda: "run-1").__enter__(),
}
READS = {
    "a payload": lambda lake: lake.payload(lake.keep("agency", "T", PAYLOAD)).body,
    "a table": lambda lake: lake.read(PART.key),
    "a fingerprint": lambda lake: lake.fingerprint(PART.key),
    "a manifest": lambda lake: lake.manifest("agency", "run-1"),
    "a listing": lambda lake: (lake.run_ids(), lake.partitions("agency")),
    "fingerprints": lambda lake: lake.fingerprints("agency"),
}
each_write = pytest.mark.parametrize("path", WRITES, ids=["payload", "table", "manifest", "lock"])
each_read = pytest.mark.parametrize("name", READS)


@each_write
def test_a_put_whose_reply_was_lost_counts_once(lake, wire, corner, path):
    wire.rule = sometimes("PUT", Exchange.lose_reply, of=path)
    WRITES[path](lake)
    assert wire.seen.count(("PUT", corner.prefix + path)) >= 2
    assert corner.get(path)
    if path == BRONZE:
        assert gzip.decompress(corner.get(path)) == PAYLOAD.body
    if path == MANIFEST:
        assert corner.get(path) == manifest_of("run-1").as_json()


def test_another_manifest_with_the_same_name_is_a_conflict_and_stays(lake, wire, corner):
    def other_wins(exchange):
        corner.put(MANIFEST, b"another's")
        exchange.lose()

    wire.rule = sometimes("PUT", other_wins)
    with pytest.raises(RuntimeError) as caught:
        lake.record(manifest_of("run-1"))
    assert str(caught.value) == (
        "another run has already recorded runs/agency/run-1.json; run ids must be unique"
    )
    assert corner.get(MANIFEST) == b"another's"


def test_a_lease_taken_by_another_run_after_a_lost_reply_belongs_to_that_run(lake, wire, corner):
    other = {"run_id": "run-2", "pid": 7, "host": "there", "since": "noon"}

    def other_wins(exchange):
        corner.put("locks/agency.lock", json.dumps(other).encode())
        exchange.lose()

    wire.rule = sometimes("PUT", other_wins)
    with pytest.raises(Locked, match=r"locked by run run-2 .process 7 on there, since noon"):
        WRITES["locks/agency.lock"](lake)
    assert json.loads(corner.get("locks/agency.lock")) == other


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Exchange.lose, Exchange.lose_reply, Exchange.cut_upload])
def test_a_lease_survives_a_cut_in_each_renewal_and_is_released(lake, wire, corner, fault):
    every_other = itertools.cycle([fault, Exchange.pass_on])
    wire.rule = lambda exchange: (
        next(every_other) if exchange.method == "PUT" else Exchange.pass_on
    )(exchange)
    with lake.lock("agency", 0, lambda: "run-1"):
        lake.record(manifest_of("run-1"))
    assert json.loads(corner.get("locks/agency.lock"))["released"]
    assert corner.get(MANIFEST) == manifest_of("run-1").as_json()


@pytest.mark.slow
@each_write
def test_a_truncated_put_leaves_nothing_and_is_repeated(lake, wire, corner, path):
    between = []

    def look(exchange):
        between.append(corner.get(path))
        exchange.pass_on()

    wire.rule = sometimes("PUT", Exchange.cut_upload, look, of=path)
    WRITES[path](lake)
    assert between == [None]
    assert corner.get(path)


@each_write
def test_puts_that_are_always_cut_leave_nothing_and_a_later_try_completes(lake, wire, corner, path):
    wire.rule = always("PUT", Exchange.cut_upload)
    with pytest.raises(
        Unavailable, match=r"cannot be reached now \(.*\); run again later"
    ) as caught:
        WRITES[path](lake)
    assert "\n" not in str(caught.value)
    assert corner.objects() == {}
    wire.rule = Exchange.pass_on
    WRITES[path](lake)
    assert corner.get(path)


def test_a_table_stays_complete_while_its_replacement_is_cut(lake, wire, corner):
    lake.write(PART)
    before = corner.get(SILVER)
    wire.rule = always("PUT", Exchange.cut_upload)
    longer = Partition(
        key=PART.key, table=pa.table({"obs_value": list(range(30_000))}), fingerprint="e" * 64
    )
    with pytest.raises(Unavailable):
        lake.write(longer)
    assert corner.get(SILVER) == before
    wire.rule = Exchange.pass_on
    lake.write(longer)
    assert lake.read(PART.key).num_rows == 30_000


@pytest.fixture
def filled(lake):
    lake.keep("agency", "T", PAYLOAD)
    lake.write(PART)
    lake.record(manifest_of("run-1"))
    return lake


@each_read
@pytest.mark.parametrize("fault", [Exchange.cut_download, cut_short, Exchange.lose_reply])
def test_a_truncated_reply_is_requested_again(filled, wire, name, fault):
    whole = READS[name](filled)
    wire.rule = sometimes("GET", fault, fault)
    assert READS[name](filled) == whole


@each_read
@pytest.mark.parametrize("fault", [Exchange.cut_download, cut_short])
def test_replies_that_are_always_truncated_are_never_accepted(filled, wire, name, fault):
    wire.rule = always("GET", fault)
    with pytest.raises(
        Unavailable, match=r"cannot be reached now \(.*\); run again later"
    ) as caught:
        READS[name](filled)
    assert "\n" not in str(caught.value)


@each_write
@pytest.mark.parametrize(
    ("status", "code", "times"),
    [
        (409, "ConditionalRequestConflict", 2),
        (503, "SlowDown", 3),
        (500, "InternalError", 2),
        (400, "RequestTimeout", 2),
    ],
)
def test_temporary_errors_are_retried(lake, wire, corner, path, status, code, times):
    wire.rule = sometimes("PUT", *[answer(status, code)] * times)
    WRITES[path](lake)
    assert corner.get(path)


@each_write
def test_a_lasting_conflict_is_not_treated_as_an_existing_object(lake, wire, corner, path):
    wire.rule = always("PUT", answer(409, "ConditionalRequestConflict"))
    with pytest.raises(Unavailable, match=r"now \(ConditionalRequestConflict\); run again later"):
        WRITES[path](lake)
    assert corner.objects() == {}


def test_the_number_of_parallel_requests_is_limited(open_lake, wire):
    lake = open_lake(requests_at_once=3)
    under_way, most = [], []

    def slowly(exchange):
        under_way.append(exchange)
        most.append(len(under_way))
        time.sleep(0.05)
        exchange.pass_on()
        under_way.remove(exchange)

    wire.rule = slowly
    with ThreadPoolExecutor(12) as threads:
        list(
            threads.map(
                lambda n: lake.fingerprint(attrs.evolve(PART.key, dataset=f"T{n}")), range(24)
            )
        )
    assert max(most) == 3


def test_a_missing_object_may_be_reported_as_forbidden(lake, wire, corner):
    """Without s3:ListBucket on the whole bucket, S3 may answer 403 where 404 would be the truth."""

    def hide(exchange):
        there = corner.get(exchange.key.removeprefix(corner.prefix))
        if exchange.method == "GET" and "prefix=" not in exchange.path and there is None:
            exchange.answer(403, "AccessDenied")
        else:
            exchange.pass_on()

    wire.rule = hide
    assert lake.fingerprint(PART.key) is None
    lake.write(PART)
    assert lake.fingerprint(PART.key) == PART.fingerprint
    wire.rule = lambda exchange: (
        exchange.pass_on() if "prefix=" in exchange.path else exchange.answer(403, "AccessDenied")
    )
    with pytest.raises(Exception, match="access denied; give the role s3:GetObject"):
        lake.fingerprint(PART.key)
