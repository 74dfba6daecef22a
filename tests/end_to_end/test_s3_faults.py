"""A lake on S3 whose wire is cut, whose server refuses, whose writers die: nothing is torn or lost."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import attrs
import boto3
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from contract.sink_contract import manifest_of
from statpipe.api import (
    Environment,
    Layer,
    Locked,
    Partition,
    PartitionKey,
    Payload,
    Unavailable,
)
from statpipe_lake import bucket
from statpipe_lake.parquet import fingerprint_in
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings
from support.fault_proxy import Exchange, FaultProxy
from support.forked import run_statpipe
from support.installed import TESTS, install, install_tea
from support.patience import PATIENCE
from support.seaweed import KEY, SECRET, Seaweed
from support.tea import DATASETS, PORTS, TeaAgency, prices

BUCKET = "statpipe-faults"
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
SHA = "[0-9a-f]{64}"
RUN = "[0-9]{8}T[0-9]{12}Z-[0-9a-f]{4}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Seaweed(tmp_path_factory.mktemp("weed"), BUCKET) as running:
        running.client = boto3.client(
            "s3",
            endpoint_url=running.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        running.client.create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture(scope="module")
def fresh():
    """Prefixes of the bucket that nobody has used."""
    return (f"lake-{number}" for number in itertools.count()).__next__


class Corner:
    """What lies below a prefix of the bucket, read past the proxy."""

    def __init__(self, client, prefix):
        self.client, self.prefix = client, f"{prefix}/local/"

    def objects(self, *layers):
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=self.prefix
        )
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        paths = (key.removeprefix(self.prefix) for key in keys)
        return {path: self.get(path) for path in paths if not layers or path.startswith(layers)}

    def get(self, path):
        try:
            return self.client.get_object(Bucket=BUCKET, Key=self.prefix + path)["Body"].read()
        except ClientError:
            return None

    def put(self, path, body):
        self.client.put_object(Bucket=BUCKET, Key=self.prefix + path, Body=body)


# One lake, one call, one fault


@pytest.fixture
def wire(server):
    with FaultProxy(server.url) as proxy:
        yield proxy


@pytest.fixture
def corner(server, fresh):
    return Corner(server.client, fresh())


@pytest.fixture
def open_lake(wire, corner, tmp_path, monkeypatch):
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    # As often as in earnest, but sooner.
    soon = {"init_backoff": timedelta(milliseconds=10), "max_backoff": timedelta(milliseconds=50)}
    monkeypatch.setattr(bucket, "_RETRIES", {**bucket._RETRIES, "backoff": soon})
    monkeypatch.setattr(bucket, "_PAUSE", 0.02)

    def make(**settings):
        return make_lake(
            LakeSettings(
                environment=Environment(name="local", home=tmp_path),
                path=f"s3://{BUCKET}/{corner.prefix.removesuffix('/local/')}",
                region="us-east-1",
                endpoint_url=wire.url,
                **settings,
            )
        )

    return make


@pytest.fixture
def lake(open_lake):
    return open_lake()


def sometimes(method, *faults, of=""):
    """Do these, one after the other, to the requests of a method, or just those *of* an object; then let all pass."""
    left = list(faults)

    def rule(exchange):
        if left and exchange.method == method and exchange.key.endswith(of):
            left.pop(0)(exchange)
        else:
            exchange.pass_on()

    return rule


def always(method, fault):
    return lambda exchange: (fault if exchange.method == method else Exchange.pass_on)(exchange)


def answer(status, code):
    return lambda exchange: exchange.answer(status, code)


def cut_short(exchange):
    """The reply is half as long as the object, and says so itself."""
    exchange.cut_download(told=False)


PAYLOAD = Payload(
    name="T", body=random.Random(1).randbytes(100_000), retrieved=datetime(2026, 1, 1, tzinfo=UTC)
)
PART = Partition(
    key=PartitionKey(layer=Layer.SILVER, owner="agency", dataset="T", vintage="2024-03-01"),
    table=pa.table({"obs_value": list(range(20_000))}),
    fingerprint="f" * 64,
)
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


def test_another_manifest_under_the_same_name_is_a_conflict_and_stays(lake, wire, corner):
    def other_wins(exchange):
        corner.put(MANIFEST, b"another's")
        exchange.lose()

    wire.rule = sometimes("PUT", other_wins)
    with pytest.raises(RuntimeError) as caught:
        lake.record(manifest_of("run-1"))
    assert str(caught.value) == (
        "another run has already recorded runs/agency/run-1.json; run ids must not repeat"
    )
    assert corner.get(MANIFEST) == b"another's"


def test_a_lease_that_another_run_got_while_the_reply_was_lost_is_that_runs(lake, wire, corner):
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
def test_a_lease_outlives_a_cut_in_each_of_its_renewals_and_is_given_back(
    lake, wire, corner, fault
):
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
def test_a_put_that_was_cut_in_its_middle_leaves_nothing_and_is_done_again(
    lake, wire, corner, path
):
    between = []

    def look(exchange):
        between.append(corner.get(path))
        exchange.pass_on()

    wire.rule = sometimes("PUT", Exchange.cut_upload, look, of=path)
    WRITES[path](lake)
    assert between == [None]
    assert corner.get(path)


@each_write
def test_puts_that_are_cut_for_ever_leave_nothing_and_a_later_try_completes(
    lake, wire, corner, path
):
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


def test_a_table_that_is_replaced_stays_whole_while_its_puts_are_cut(lake, wire, corner):
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
def test_a_reply_that_ends_early_is_asked_for_again(filled, wire, name, fault):
    whole = READS[name](filled)
    wire.rule = sometimes("GET", fault, fault)
    assert READS[name](filled) == whole


@each_read
@pytest.mark.parametrize("fault", [Exchange.cut_download, cut_short])
def test_replies_that_end_early_for_ever_are_never_taken_for_the_object(filled, wire, name, fault):
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
def test_what_passes_is_waited_for(lake, wire, corner, path, status, code, times):
    wire.rule = sometimes("PUT", *[answer(status, code)] * times)
    WRITES[path](lake)
    assert corner.get(path)


@each_write
def test_a_conflict_that_does_not_end_is_not_taken_for_an_object_that_is_there(
    lake, wire, corner, path
):
    wire.rule = always("PUT", answer(409, "ConditionalRequestConflict"))
    with pytest.raises(Unavailable, match=r"now \(ConditionalRequestConflict\); run again later"):
        WRITES[path](lake)
    assert corner.objects() == {}


# Silver files that a listing shows to be as they were


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


def test_silver_that_is_as_it_was_is_not_read_again(remembered, open_lake, wire, corner):
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
def test_silver_that_was_replaced_or_damaged_behind_our_back_is_told(
    remembered, open_lake, corner, damage
):
    DAMAGE[damage](corner)
    lake = open_lake()
    found = {"replaced": WHOLE["T"], "another length": WHOLE["U"]}.get(damage)
    assert told(lake) == {"T": WHOLE["T"], "U": found}
    assert {key.dataset: lake.fingerprint(key) for key in lake.partitions("agency")} == told(lake)


def test_silver_that_was_deleted_is_not_there_although_it_is_remembered(
    remembered, open_lake, corner
):
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
def test_what_is_remembered_may_be_lost_or_damaged(remembered, open_lake, wire, corner, accident):
    whole = corner.get(PRINTS)
    FORGOTTEN[accident](corner)
    assert corner.get(PRINTS) != whole
    lake = open_lake()
    with lake.lock("agency", 0, lambda: "run-2"):
        assert told(lake) == WHOLE
        lake.record(manifest_of("run-2"))
    assert corner.get(PRINTS) == whole


def test_silver_that_a_run_wrote_and_did_not_record_is_read(remembered, open_lake):
    newer = Partition(key=PART.key, table=pa.table({"obs_value": [2]}), fingerprint="c" * 64)
    open_lake().write(newer)
    assert told(open_lake()) == {**WHOLE, "T": "c" * 64}


def test_silver_that_another_writer_put_over_what_was_just_published_is_read(
    open_lake, wire, corner
):
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


def test_silver_that_was_published_is_remembered(open_lake, wire, corner):
    lake = open_lake()
    lake.stage(PART)
    assert lake.publish(PART.key, PART.fingerprint)
    lake.record(manifest_of("run-1"))
    wire.seen.clear()
    assert told(open_lake()) == {"T": WHOLE["T"]}
    assert ("GET", f"{corner.prefix}{silver('T')}") not in wire.seen


def test_a_lake_of_an_older_version_is_remembered_by_the_first_run(open_lake, corner):
    lake = open_lake()
    for part in OTHERS.values():
        lake.write(part)
    assert corner.get(PRINTS) is None
    assert told(lake) == WHOLE
    lake.record(manifest_of("run-1"))
    assert corner.get(PRINTS)
    assert told(open_lake()) == WHOLE


def test_no_more_requests_than_set_are_on_their_way_at_once(open_lake, wire):
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


def test_an_object_that_is_not_there_may_be_forbidden_to_who_lists_a_prefix_only(
    lake, wire, corner
):
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


# The whole command


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    return install_tea(tmp_path_factory.mktemp("plugins"))


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """The agency before and after its second release, of two datasets."""
    folder = tmp_path_factory.mktemp("agency")
    agency = TeaAgency(ports=PORTS[:1])
    for number, day in enumerate(("2024-03-01", "2024-04-01"), 1):
        for name in DATASETS:
            agency.publish(name, day, prices(30 + number))
        agency.save(folder / f"{number}.json")
    return folder / "1.json", folder / "2.json"


class Place:
    """A folder from which statpipe is run; its lake lies behind *url*."""

    def __init__(self, folder, plugins, agency, url, prefix):
        folder.mkdir()
        (folder / "statpipe.toml").write_text(
            f'[environments.local.sinks.lake]\npath = "s3://{BUCKET}/{prefix}"\n'
            f'endpoint_url = "{url}"\nregion = "us-east-1"\n'
        )
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("AWS_")
        } | {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
            "TEA_AGENCY": str(agency),
            "PYTHONPATH": os.pathsep.join([str(plugins), str(TESTS)]),
        }

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "statpipe", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, code=0):
        done = run_statpipe(arguments, self.folder, self.environment)
        assert done.returncode == code, done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def undisturbed(server, fresh, plugins, releases, tmp_path_factory):
    """Both releases, one after the other: the objects after each, and the requests of the second."""
    corner = Corner(server.client, fresh())
    folder = tmp_path_factory.mktemp("undisturbed")
    states = []
    with FaultProxy(server.url) as proxy:
        for number, agency in enumerate(releases):
            proxy.seen.clear()
            place = Place(
                folder / str(number),
                plugins,
                agency,
                proxy.url,
                corner.prefix.removesuffix("/local/"),
            )
            place.run("run", "tea_prices")
            states.append(corner.objects())
        return states, len(proxy.seen)


def layers(objects):
    return {path: body for path, body in objects.items() if path.startswith(("silver/", "gold/"))}


def payloads(objects):
    """Bronze less the notes on when it was fetched, and the folders named after that day."""
    return {
        (path.rpartition("/")[2], body)
        for path, body in objects.items()
        if path.startswith("bronze/") and path.endswith(".gz")
    }


def held(objects):
    """What the latest manifest says that the lake holds, less the ids of runs."""
    latest = max(path for path in objects if path.startswith("runs/"))
    holds = json.loads(objects[latest])["holds"]
    for one in holds:
        one["made_from"] = [origin["vintage"] for origin in one["made_from"]]
    return holds


def remembered_wrongly(objects):
    """Files that have the ETag (in this server, the MD5) that is remembered, and another fingerprint."""
    kept = json.loads(objects["prints/tea_prices.json"])["files"]
    return [
        path
        for path, tag, fingerprint in kept
        if tag.strip('"') == hashlib.md5(objects[path]).hexdigest()
        and fingerprint_in(objects[path]) != fingerprint
    ]


def a_minute_later(exchange):
    """Let 61 seconds pass by the server's clock, which a lease's age is measured by."""

    def later(name, value):
        if name != "last-modified":
            return value
        return format_datetime(parsedate_to_datetime(value) + timedelta(seconds=61), usegmt=True)

    if exchange.method == "HEAD" and exchange.key.endswith(".clock"):
        exchange.change_reply(later)
    else:
        exchange.pass_on()


@pytest.fixture
def die_and_recover(server, fresh, plugins, releases, undisturbed, tmp_path):
    """Kill a run at one of its requests; look as a reader does; run once more."""
    (old, new), _ = undisturbed

    def torn(now):
        """Say what a reader would see that is neither the old state nor the new one."""
        for path, body in old.items():
            if path.startswith(("bronze/", "runs/")) and now.get(path) != body:
                yield f"{path} is not what it was"
        for path, body in layers(now).items():
            if body not in {old.get(path), new.get(path)}:
                yield f"{path} is neither old nor new"
        for path, body in now.items():
            if path.startswith("runs/") and path not in old:
                if held(now) != held(new):
                    yield f"{path} is of no whole run"
                if layers(now) != layers(new):
                    yield f"{path} says more than there is"
            if path.endswith(".meta.json"):
                json.loads(body)
        if not set(layers(old)) <= set(layers(now)) <= set(layers(new)):
            yield "tables came or went"

    def once(number, when):
        corner = Corner(
            boto3.client(
                "s3",
                endpoint_url=server.url,
                aws_access_key_id=KEY,
                aws_secret_access_key=SECRET,
                region_name="us-east-1",
            ),
            fresh(),
        )
        for path, body in old.items():
            corner.put(path, body)
        with FaultProxy(server.url) as proxy:
            place = Place(
                tmp_path / f"{number} {when}",
                plugins,
                releases[1],
                proxy.url,
                corner.prefix.removesuffix("/local/"),
            )
            running = []

            def kill(exchange):
                if exchange.number != number:
                    exchange.pass_on()
                elif when == "before":
                    running[0].kill()
                    exchange.lose()
                else:
                    exchange.lose_reply(then=running[0].kill)

            proxy.rule = kill
            running.append(place.start("run", "tea_prices"))
            try:
                running[0].communicate(timeout=PATIENCE)
            finally:
                running[0].kill()
            assert running[0].returncode == -signal.SIGKILL
            found = list(torn(corner.objects()))
            proxy.rule = a_minute_later
            place.run("run", "tea_prices")
            after = corner.objects()
        if layers(after) != layers(new):
            found.append("Silver or Gold are not those of an undisturbed run")
        if held(after) != held(new):
            found.append("the manifest is not that of an undisturbed run")
        if not payloads(new) <= payloads(after):
            found.append("a payload is missing")
        if remembered_wrongly(after):
            found.append("a fingerprint is remembered that no file has")
        if not all(
            json.loads(body).get("released")
            for path, body in after.items()
            if path.endswith(".lock")
        ):
            found.append("a lock is left")
        return [f"{when} request {number}: {what}" for what in found]

    def all_of(moments):
        with ThreadPoolExecutor(2) as pool:
            return [what for found in pool.map(lambda m: once(*m), moments) for what in found]

    return all_of


@pytest.mark.slow
def test_killed_at_requests_spread_over_a_run_one_run_more_completes_it(
    die_and_recover, undisturbed
):
    _, last = undisturbed
    spread = sorted({1 + (last - 1) * step // 4 for step in range(5)})
    moments = {*zip(spread, itertools.cycle(["after", "before"]), strict=False)}
    assert die_and_recover(moments | {(1, "before"), (last, "after")}) == []


@pytest.mark.slow
def test_killed_before_and_after_every_request_one_run_more_completes_it(
    die_and_recover, undisturbed
):
    _, last = undisturbed
    moments = itertools.product(range(1, last + 1), ("before", "after"))
    assert die_and_recover(moments) == []


@pytest.fixture
def place(plugins, releases, wire, corner, tmp_path):
    prefix = corner.prefix.removesuffix("/local/")
    return Place(tmp_path / "here", plugins, releases[0], wire.url, prefix)


def test_the_lease_of_a_run_that_was_killed_is_in_the_way_for_a_minute_and_not_longer(
    place, wire, corner
):
    holder = {"run_id": "run-1", "pid": 7, "host": "there", "since": "noon"}
    corner.put("locks/tea_prices.lock", json.dumps(holder).encode())
    said = place.run("run", "tea_prices", code=6)
    assert last_line(said) == (
        "statpipe: tea_prices: tea_prices in environment local is locked by run run-1 (process 7 on there, since "
        "noon); wait for it with --wait SECONDS, or run again later (exit 6)"
    )
    wire.rule = a_minute_later
    place.run("run", "tea_prices")


def test_every_first_request_of_its_kind_meets_a_fault_and_the_run_does_not_notice(
    place, wire, corner, undisturbed
):
    seen = Counter()
    faults = {
        "PUT": itertools.cycle(
            [
                Exchange.lose_reply,
                Exchange.cut_upload,
                answer(409, "ConditionalRequestConflict"),
                answer(503, "SlowDown"),
                Exchange.lose,
                answer(500, "InternalError"),
            ]
        ),
        "GET": itertools.cycle(
            [Exchange.cut_download, Exchange.lose, answer(503, "SlowDown"), cut_short]
        ),
    }

    def rule(exchange):
        seen[exchange.method, exchange.key] += 1
        first = seen[exchange.method, exchange.key] == 1 and exchange.method in faults
        (next(faults[exchange.method]) if first else Exchange.pass_on)(exchange)

    wire.rule = rule
    place.run("run", "tea_prices")
    now, (old, _) = corner.objects(), undisturbed[0]
    assert layers(now) == layers(old)
    assert held(now) == held(old)
    assert len([path for path in now if path.startswith("runs/")]) == 1


def last_line(errors):
    return errors.strip().splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError")])
def test_a_server_that_is_overrun_for_ever_is_exit_5_in_bounded_time(place, wire, status, code):
    wire.rule = answer(status, code)
    said = place.run("run", "tea_prices", code=5)  # which ends within run's own time-out
    assert f"cannot be reached now ({code}); run again later (exit 5)" in last_line(said)


def test_a_server_that_is_overrun_in_the_middle_of_a_run_is_exit_5_and_the_next_run_completes(
    place, wire, corner, undisturbed
):
    wire.rule = lambda exchange: (
        exchange.answer(503, "SlowDown") if "/silver/" in exchange.key else exchange.pass_on()
    )
    said = place.run("run", "tea_prices", code=5)
    assert "cannot be reached now (SlowDown); run again later (exit 5)" in last_line(said)
    assert layers(corner.objects()) == {}
    wire.rule = Exchange.pass_on
    place.run("run", "tea_prices")
    assert layers(corner.objects()) == layers(undisturbed[0][0])


def test_of_two_runs_one_works_and_the_other_is_told_or_waits(
    plugins, releases, wire, corner, tmp_path, undisturbed
):
    gate = tmp_path / "gate"
    gate.touch()
    agency = json.loads(releases[0].read_text()) | {"gate": str(gate)}
    (tmp_path / "gated.json").write_text(json.dumps(agency))
    prefix = corner.prefix.removesuffix("/local/")
    place = Place(tmp_path / "here", plugins, tmp_path / "gated.json", wire.url, prefix)
    first = place.start("run", "tea_prices")
    try:
        until(lambda: corner.objects("bronze/"))
        said = place.run("run", "tea_prices", code=6)
        assert re.search(rf"is locked by run {RUN} .process {first.pid} on ", last_line(said))
        second = place.start("run", "tea_prices", "--wait", "60", "--json")
        gate.unlink()
        assert first.wait(timeout=PATIENCE) == 0
        answered, errors = second.communicate(timeout=PATIENCE)
    finally:
        gate.unlink(missing_ok=True)
        first.communicate(timeout=PATIENCE)
    assert second.returncode == 0, errors
    assert [run["outcome"] for run in json.loads(answered)] == ["unchanged"]
    assert layers(corner.objects()) == layers(undisturbed[0][0])
    assert len(corner.objects("runs/")) == 2


def until(found):
    deadline = time.monotonic() + 100
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# What a role must allow: the provisioned policy is made from this

ASKED = (
    ("(PUT|GET)", f"bronze/tea_prices/(black|green)/{DAY}/(black|green)-CAL-{SHA}.json.gz"),
    (
        "(PUT|GET)",
        f"bronze/tea_prices/(black|green)/{DAY}/(black|green)-CAL-{SHA}.json.gz.meta.json",
    ),
    ("(PUT|GET)", f"silver/tea_prices/dataset=(black|green)/vintage={DAY}/part-0.parquet"),
    ("GET", "silver/tea_prices/"),
    ("(PUT|GET)", "prints/tea_prices.json"),
    ("(PUT|GET)", "changes/tea_prices/dataset=(black|green)/year=[0-9]{4}/part-0.parquet"),
    ("(PUT|GET)", "gold/tea_latest/part-0.parquet"),
    ("(PUT|GET)", f"(runs|copies)/tea_prices/{RUN}.json"),
    ("GET", "(runs|copies)/tea_prices/"),
    ("(PUT|GET)", "locks/(tea_prices|gold).lock"),
    ("(PUT|HEAD)", "locks/(tea_prices|gold).lock.clock"),
    ("PUT", ".doctor"),
    ("GET", "(runs|copies)/"),
)


def unforeseen(wire, prefix):
    return [
        (method, key)
        for method, key in wire.seen
        if not any(
            re.fullmatch(f"{methods} {re.escape(prefix)}{shape}", f"{method} {key}")
            for methods, shape in ASKED
        )
    ]


def test_a_run_gets_and_puts_and_lists_below_its_prefix_and_deletes_nothing(place, wire, corner):
    place.run("doctor")
    place.run("run", "tea_prices")
    place.run("run", "tea_prices", "--full")
    for path in corner.objects("silver/"):
        corner.client.delete_object(Bucket=BUCKET, Key=corner.prefix + path)
    place.run("transform", "tea_prices")
    assert len(corner.objects("silver/")) == 2
    corner.put("locks/tea_prices.lock", b"{}")
    place.run("run", "tea_prices", code=6)
    assert unforeseen(wire, corner.prefix) == []


def test_a_smoke_run_keeps_to_its_scratch_corner_and_alone_deletes(place, wire, corner):
    place.run("smoke", "tea_prices")
    (scratch,) = {re.match(".*/scratch/smoke_[0-9a-f]{8}/", key)[0] for _, key in wire.seen if key}
    assert scratch.startswith(f"{corner.prefix}scratch/")
    assert unforeseen(wire, scratch) == [("GET", scratch), ("POST", "")]
    assert corner.objects() == {}


@pytest.mark.slow
@pytest.mark.parametrize("each", [False, True], ids=["at all", "each of them"])
def test_a_smoke_run_that_may_not_delete_says_so(place, wire, corner, each):
    """S3 refuses the request as a whole, or lists what it refuses in an answer that says 200."""

    def rule(exchange):
        if exchange.method != "POST":
            exchange.pass_on()
        elif each:
            refused = (
                f"<Error><Key>{corner.prefix}{path}</Key><Code>AccessDenied</Code>"
                "<Message>Access Denied</Message></Error>"
                for path in corner.objects()
            )
            exchange.answer(200, text=f"<DeleteResult>{''.join(refused)}</DeleteResult>")
        else:
            exchange.answer(403, "AccessDenied")

    wire.rule = rule
    said = place.run("smoke", "tea_prices", code=2)
    assert re.search(
        r"/scratch/smoke_[0-9a-f]{8} cannot be removed \(no permission\); remove it yourself", said
    )
    assert last_line(said).endswith(
        f"s3:DeleteObject on {BUCKET}/{corner.prefix}scratch/* (exit 2)"
    )


# Credentials, on moto, which takes any


STS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIATESTS</AccessKeyId>
<SecretAccessKey>C0FFEE</SecretAccessKey><SessionToken>token-{number}</SessionToken>
<Expiration>{until}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
STS_REFUSES = """<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>
<Message>{message}</Message></Error></ErrorResponse>"""
TOLD_TO_LOG_IN = (
    "log in with `aws sso login`, set AWS_PROFILE or the setting `profile`, or run where a role "
    "is available (exit 2)"
)


@pytest.fixture(scope="module")
def any_key():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    yield f"http://{host}:{port}", client
    server.stop()


@pytest.fixture
def gate(any_key):
    with FaultProxy(any_key[0]) as proxy:
        yield proxy


@pytest.fixture
def role(plugins, releases, gate, fresh, tmp_path):
    """A place whose credentials come from a web identity, as in GitHub's workflows."""
    place = Place(tmp_path / "here", plugins, releases[0], gate.url, fresh())
    token = tmp_path / "token"
    token.write_text("a token of GitHub's")
    del place.environment["AWS_ACCESS_KEY_ID"], place.environment["AWS_SECRET_ACCESS_KEY"]
    place.environment |= {
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/statpipe",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ENDPOINT_URL_STS": gate.url,
    }
    return place


INTERRUPTS = """
import os, signal
from datetime import timedelta
from statpipe_lake import credentials

credentials._KEPT_FOR = timedelta(0)  # so that each request asks for them
give, asked = credentials.Credentials.__call__, []

def interrupted(self):
    asked.append(True)
    if len(asked) == int(os.environ["INTERRUPT_AT"]):
        os.kill(os.getpid(), signal.{signal})
    return give(self)

credentials.Credentials.__call__ = interrupted
"""


@pytest.mark.parametrize(
    ("name", "number"),
    [
        pytest.param("SIGINT", 1, marks=pytest.mark.slow),
        ("SIGTERM", 2),
        ("SIGINT", 5),
        pytest.param("SIGTERM", 9, marks=pytest.mark.slow),
    ],
)
def test_a_signal_that_falls_into_the_giving_of_credentials_interrupts_the_run(
    place, corner, tmp_path, name, number
):
    module = f"interrupts_{name.lower()}"
    plugin = install(
        tmp_path / "interrupts",
        name=module,
        entry_points={module: module},
        modules={module: INTERRUPTS.replace("{signal}", name)},
    )
    undisturbed_path = place.environment["PYTHONPATH"]
    place.environment["PYTHONPATH"] = os.pathsep.join([str(plugin), undisturbed_path])
    place.environment["INTERRUPT_AT"] = str(number)
    errors = place.run("run", "tea_prices", code=130)
    assert "interrupted; run again to complete it (exit 130)" in errors
    assert "credentials" not in errors
    assert "Traceback" not in errors
    place.environment["PYTHONPATH"] = undisturbed_path
    place.run("run", "tea_prices", "--wait", "5")
    assert corner.objects("gold/")


@pytest.mark.slow
@pytest.mark.parametrize("lasts", [3600, 30], ids=["as AWS says", "short"])
def test_credentials_that_run_out_in_the_middle_of_a_run_are_renewed(role, gate, lasts):
    """Each is refused after six requests, whether botocore expects that or not."""
    used = Counter()

    def rule(exchange):
        token = exchange.headers.get("x-amz-security-token")
        used[token] += 1
        if exchange.method == "POST":
            ends = datetime.now(UTC) + timedelta(seconds=lasts)
            text = STS.format(number=used[token], until=ends.isoformat(timespec="seconds"))
            exchange.answer(200, text=text)
        elif used[token] > 6:
            exchange.answer(400, "ExpiredToken")
        else:
            exchange.pass_on()

    gate.rule = rule
    role.run("run", "tea_prices")
    assert len([token for token in used if token]) > 1


def test_credentials_that_run_out_and_cannot_be_renewed_are_one_line(
    plugins, releases, gate, fresh, tmp_path
):
    place = Place(tmp_path / "here", plugins, releases[0], gate.url, fresh())
    place.environment["AWS_SESSION_TOKEN"] = "C0FFEE"
    gate.rule = lambda exchange: (
        exchange.pass_on() if exchange.number < 10 else exchange.answer(400, "ExpiredToken")
    )
    said = place.run("run", "tea_prices", code=2)
    assert "the credentials for AWS have expired; " + TOLD_TO_LOG_IN in last_line(said)
    assert "C0FFEE" not in said
    assert SECRET not in said


@pytest.mark.slow
def test_a_role_that_is_taken_away_in_the_middle_of_a_run_is_one_line(role, gate):
    asked = Counter()

    def rule(exchange):
        asked[exchange.method] += 1
        if exchange.method == "POST" and asked["POST"] == 1:
            ends = datetime.now(UTC) + timedelta(hours=1)
            exchange.answer(200, text=STS.format(number=1, until=ends.isoformat()))
        elif exchange.method == "POST":
            refused = STS_REFUSES.format(code="AccessDenied", message="Not authorized")
            exchange.answer(403, text=refused)
        elif sum(asked.values()) > 9:
            exchange.answer(400, "ExpiredToken")
        else:
            exchange.pass_on()

    gate.rule = rule
    said = role.run("run", "tea_prices", code=2)
    assert "the credentials for AWS have expired; " + TOLD_TO_LOG_IN in last_line(said)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        pytest.param(
            400,
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            400,
            "ExpiredTokenException",
            "Token expired: current date is past its expiration",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_role_that_cannot_be_assumed_is_one_line(role, gate, status, code, message):
    text = STS_REFUSES.format(code=code, message=message)
    gate.rule = lambda exchange: exchange.answer(status, text=text)
    said = role.run("run", "tea_prices", code=2)
    assert (
        f"AWS returned no credentials ({code}: {message}); check AWS_ROLE_ARN or the profile, and the "
        "role's trust policy; or " + TOLD_TO_LOG_IN
    ) in last_line(said)
    assert "a token of GitHub's" not in said


@pytest.mark.slow
def test_a_role_whose_token_is_not_there_is_one_line(role):
    role.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere/token"
    said = role.run("run", "tea_prices", code=2)
    assert "AWS returned no credentials ([Errno 2] No such file or directory: '/nowhere" in said
    assert last_line(said).endswith(TOLD_TO_LOG_IN)


def test_a_giver_of_credentials_that_is_down_is_exit_5(role, gate):
    gate.rule = lambda exchange: exchange.answer(
        503, text=STS_REFUSES.format(code="ServiceUnavailable", message="later")
    )
    role.environment["AWS_MAX_ATTEMPTS"] = "1"
    said = role.run("run", "tea_prices", code=5)
    assert (
        "AWS credentials are unavailable now (ServiceUnavailable: later); run again later (exit 5)"
    ) in last_line(said)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (301, "PermanentRedirect", f"the bucket {BUCKET} is not in region us-east-1; set `region`"),
        (404, "NoSuchBucket", f"the bucket {BUCKET} does not exist; correct the lake's path, or"),
        (
            403,
            "AccessDenied",
            "or correct the lake's path if the bucket is somebody else's (exit 2)",
        ),
        (403, "RequestTimeTooSkewed", "this machine's clock is off by more than AWS allows"),
    ],
)
def test_a_bucket_that_does_not_do_is_one_line_of_the_command(place, wire, status, code, words):
    wire.rule = answer(status, code)
    said = place.run("run", "tea_prices", code=2)
    assert words in last_line(said)
    assert "(exit 2)" in last_line(said)
