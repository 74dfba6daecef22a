"""A run whose requests fail, whose writers die, beside another run: nothing is torn or lost."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import hashlib
import itertools
import json
import re
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from statpipe_lake.parquet import fingerprint_in
from support.fault_proxy import Exchange, FaultProxy
from support.patience import PATIENCE
from support.s3_faults import (
    RUN,
    Corner,
    Place,
    a_minute_later,
    answer,
    cut_short,
    held,
    last_line,
    layers,
)
from support.seaweed import KEY, SECRET


def payloads(objects):
    """Bronze less the notes on when it was fetched, and the folders named after that day."""
    return {
        (path.rpartition("/")[2], body)
        for path, body in objects.items()
        if path.startswith("bronze/") and path.endswith(".gz")
    }


def remembered_wrongly(objects):
    """Files that have the ETag (in this server, the MD5) that is remembered, and another fingerprint."""
    kept = json.loads(objects["prints/tea_prices.json"])["files"]
    return [
        path
        for path, tag, fingerprint in kept
        if tag.strip('"') == hashlib.md5(objects[path]).hexdigest()
        and fingerprint_in(objects[path]) != fingerprint
    ]


def holders(objects):
    """Whose leases are not given back: the dead's may be, where the next run had nothing to write."""
    locks = (json.loads(body) for path, body in objects.items() if path.endswith(".lock"))
    return [lock["run_id"] for lock in locks if not lock.get("released")]


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
        if any(f"runs/tea_prices/{holder}.json" in after for holder in holders(after)):
            found.append("a run that ended holds a lock")
        return [f"{when} request {number}: {what}" for what in found]

    def all_of(moments):
        with ThreadPoolExecutor(2) as pool:
            return [what for found in pool.map(lambda m: once(*m), moments) for what in found]

    return all_of


@pytest.mark.slow
def test_a_second_run_completes_one_killed_at_some_requests(die_and_recover, undisturbed):
    _, last = undisturbed
    spread = sorted({1 + (last - 1) * step // 4 for step in range(5)})
    moments = {*zip(spread, itertools.cycle(["after", "before"]), strict=False)}
    assert die_and_recover(moments | {(1, "before"), (last, "after")}) == []


@pytest.mark.slow
def test_a_second_run_completes_one_killed_at_any_request(die_and_recover, undisturbed):
    _, last = undisturbed
    moments = itertools.product(range(1, last + 1), ("before", "after"))
    assert die_and_recover(moments) == []


def test_the_lease_of_a_killed_run_ends_after_a_minute(place, wire, corner):
    holder = {"run_id": "run-1", "pid": 7, "host": "there", "since": "noon"}
    corner.put("locks/tea_prices.lock", json.dumps(holder).encode())
    said = place.run("run", "tea_prices", code=6)
    assert last_line(said) == (
        "statpipe: tea_prices: tea_prices in environment local is locked by run run-1 (process 7 on there, since "
        "noon); wait for it with --wait SECONDS, or run again later (exit 6)"
    )
    wire.rule = a_minute_later
    place.run("run", "tea_prices")


def test_a_fault_at_the_first_request_of_each_kind_is_repaired(place, wire, corner, undisturbed):
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


@pytest.mark.slow
@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError")])
def test_a_permanently_overloaded_server_is_exit_5_in_limited_time(place, wire, status, code):
    wire.rule = answer(status, code)
    said = place.run("run", "tea_prices", code=5)  # which ends within run's own time-out
    assert f"cannot be reached now ({code}); run again later (exit 5)" in last_line(said)


def test_a_server_overloaded_during_a_run_is_exit_5_and_the_next_run_completes(
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


def test_the_second_of_two_runs_is_refused_or_waits(
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
