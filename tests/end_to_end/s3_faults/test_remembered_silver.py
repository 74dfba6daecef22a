"""Silver files that a listing shows to be as they were are not read again; others are."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from contract.sink_contract import manifest_of
from statpipe.api import Layer, Partition, PartitionKey
from support.s3_faults import BUCKET, PART

OTHERS = {
    "T": PART,
    "U": Partition(
        key=PartitionKey(layer=Layer.SILVER, owner="agency", dataset="U", vintage="2024-03-01"),
        table=pa.table({"obs_value": [1]}),
        fingerprint="e" * 64,
    ),
}
PRINTS = "prints/agency.json"


@pytest.fixture
def remembered(open_lake):
    """A lake with two Silver files, after a run has remembered their fingerprints."""
    lake = open_lake()
    with lake.lock("agency", 0, lambda: "run-1"):
        assert lake.fingerprints("agency") == {}
        for part in OTHERS.values():
            lake.write(part)
        lake.record(manifest_of("run-1"))
    return lake


def told(lake):
    return {key.dataset: found for key, found in lake.fingerprints("agency").items()}


WHOLE = {name: part.fingerprint for name, part in OTHERS.items()}


def silver(name):
    return f"{OTHERS[name].key.path}/part-0.parquet"


def test_unchanged_silver_is_not_read_again(remembered, open_lake, wire, corner):
    wire.seen.clear()
    lake = open_lake()
    with lake.lock("agency", 0, lambda: "run-2"):
        wire.seen.clear()
        assert told(lake) == WHOLE
        for part in OTHERS.values():
            assert lake.fingerprint(part.key) == part.fingerprint
        asked = [("GET", f"{corner.prefix}{PRINTS}"), ("GET", f"{corner.prefix}silver/agency/")]
        assert sorted(wire.seen) == asked
        lake.record(manifest_of("run-2"))
    assert ("PUT", f"{corner.prefix}{PRINTS}") not in wire.seen


DAMAGE = {
    "replaced": lambda corner: corner.put(silver("U"), corner.get(silver("T"))),
    "cut off": lambda corner: corner.put(silver("U"), corner.get(silver("U"))[:-100]),
    "empty": lambda corner: corner.put(silver("U"), b""),
    "another length": lambda corner: corner.put(silver("U"), b"x" + corner.get(silver("U"))),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_silver_replaced_or_damaged_by_others_is_reported(remembered, open_lake, corner, damage):
    DAMAGE[damage](corner)
    lake = open_lake()
    found = {"replaced": WHOLE["T"], "another length": WHOLE["U"]}.get(damage)
    assert told(lake) == {"T": WHOLE["T"], "U": found}
    assert {key.dataset: lake.fingerprint(key) for key in lake.partitions("agency")} == told(lake)


def test_deleted_silver_is_noticed_although_it_is_remembered(remembered, open_lake, corner):
    corner.client.delete_object(Bucket=BUCKET, Key=corner.prefix + silver("T"))
    assert told(open_lake()) == {"U": WHOLE["U"]}


FORGOTTEN = {
    "gone": lambda corner: corner.client.delete_object(Bucket=BUCKET, Key=corner.prefix + PRINTS),
    "empty": lambda corner: corner.put(PRINTS, b""),
    "not JSON": lambda corner: corner.put(PRINTS, b"{"),
    "another fingerprint": lambda corner: corner.put(
        PRINTS, corner.get(PRINTS).replace(b"e" * 64, b"d" * 64)
    ),
    "written by hand": lambda corner: corner.put(
        PRINTS, re.sub(rb' "self_sha256"[^}]*', b' "a": 1', corner.get(PRINTS))
    ),
}


@pytest.mark.parametrize("accident", FORGOTTEN)
def test_the_memory_may_be_lost_or_damaged(remembered, open_lake, wire, corner, accident):
    whole = corner.get(PRINTS)
    FORGOTTEN[accident](corner)
    assert corner.get(PRINTS) != whole
    lake = open_lake()
    with lake.lock("agency", 0, lambda: "run-2"):
        assert told(lake) == WHOLE
        lake.record(manifest_of("run-2"))
    assert corner.get(PRINTS) == whole


def test_unrecorded_silver_is_read(remembered, open_lake):
    newer = Partition(key=PART.key, table=pa.table({"obs_value": [2]}), fingerprint="c" * 64)
    open_lake().write(newer)
    assert told(open_lake()) == {**WHOLE, "T": "c" * 64}


def test_silver_overwritten_by_another_writer_is_read(open_lake, wire, corner):
    lake = open_lake()
    lake.write(OTHERS["U"])
    other = corner.get(silver("U"))

    def replaced(exchange):
        if exchange.method == "HEAD" and exchange.key.endswith(silver("T")):
            corner.put(silver("T"), other)
        exchange.pass_on()

    lake.stage(PART)
    wire.rule = replaced
    assert lake.publish(PART.key, PART.fingerprint)
    lake.record(manifest_of("run-1"))
    assert corner.get(PRINTS)
    assert told(open_lake()) == {"T": WHOLE["U"], "U": WHOLE["U"]}


def test_published_silver_is_remembered(open_lake, wire, corner):
    lake = open_lake()
    lake.stage(PART)
    assert lake.publish(PART.key, PART.fingerprint)
    lake.record(manifest_of("run-1"))
    wire.seen.clear()
    assert told(open_lake()) == {"T": WHOLE["T"]}
    assert ("GET", f"{corner.prefix}{silver('T')}") not in wire.seen


def test_the_first_run_remembers_a_lake_of_an_older_version(open_lake, corner):
    lake = open_lake()
    for part in OTHERS.values():
        lake.write(part)
    assert corner.get(PRINTS) is None
    assert told(lake) == WHOLE
    lake.record(manifest_of("run-1"))
    assert corner.get(PRINTS)
    assert told(open_lake()) == WHOLE
