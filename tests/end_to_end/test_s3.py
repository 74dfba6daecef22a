"""The main job on a real S3 server with authentication."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import boto3
import pytest

from support.patience import PATIENCE
from support.seaweed import KEY, READER_KEY, READER_SECRET, SECRET, Seaweed

BUCKET = "statpipe-staging"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Seaweed(tmp_path_factory.mktemp("weed"), BUCKET) as running:
        client = boto3.client(
            "s3",
            endpoint_url=running.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        client.create_bucket(Bucket=BUCKET)
        running.client = client
        yield running


@pytest.fixture
def cloud(home, server, request):
    """A home whose lake is a prefix of its own in the bucket."""
    home.prefix = request.node.name
    home.configure(
        f"""
[environments.local.sinks.lake]
path = "s3://{BUCKET}/{home.prefix}"
endpoint_url = "{server.url}"
region = "us-east-1"
[sources.bea_pce_state]
tables = ["SAPCE1"]
areas = ["US", "CA"]
"""
    )
    for name in [n for n in home.environment if n.startswith("AWS_")]:
        del home.environment[name]
    home.environment |= {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return home


def objects(server, home, layers=("silver", "gold")):
    found = {}
    for page in server.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for entry in page.get("Contents", []):
            path = entry["Key"].removeprefix(f"{home.prefix}/local/")
            if path != entry["Key"] and path.startswith(layers):
                body = server.client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
                found[path] = body
    return found


def test_the_main_job_runs_twice_and_shows_the_figures(cloud, server):
    done = cloud.run("run", "bea_pce_state")
    assert f"lake: s3://{BUCKET}/{cloud.prefix}/local" in done.stderr
    before = objects(server, cloud)
    assert "gold/pce_state_history/part-0.parquet" in before
    (again,) = json.loads(cloud.run("run", "bea_pce_state", "--json").stdout)
    assert again["outcome"] == "unchanged"
    assert objects(server, cloud) == before
    arguments = ("--area", "CA", "--category", "SAPCE1:1", "--period", "2018")
    shown = cloud.run("show", "pce_state", *arguments, "--as-of", "2021-01-01", "--csv").stdout
    assert "1852976.3" in shown
    told = cloud.run("explain", "pce_state", *arguments).stdout
    assert "verified" in told
    everything = b"".join(objects(server, cloud, ("bronze", "runs", "locks")).values())
    assert SECRET.encode() not in everything


@pytest.mark.slow
def test_the_bytes_equal_those_of_a_lake_in_a_folder(cloud, server, tmp_path):
    cloud.run("run", "bea_pce_state")
    in_bucket = objects(server, cloud)
    cloud.configure(
        "[environments.local.sinks.lake]\n[sources.bea_pce_state]\n"
        'tables = ["SAPCE1"]\nareas = ["US", "CA"]\n'
    )
    cloud.run("run", "bea_pce_state")
    assert cloud.published() == in_bucket


@pytest.mark.slow
def test_the_next_run_completes_a_killed_one(cloud, server):
    """SIGKILL at some moments; the lease of the dead is in the way for a minute, not permanently."""
    waiting = ("run", "bea_pce_state", "--wait", "90")
    for after in (0.9, 1.6):
        process = subprocess.Popen(
            cloud.command(*waiting),
            cwd=cloud.folder,
            env=cloud.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(after)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=PATIENCE)
    cloud.run(*waiting)
    completed = objects(server, cloud)
    assert len([p for p in completed if p.startswith("silver")]) == 2
    (again,) = json.loads(cloud.run("run", "bea_pce_state", "--json").stdout)
    assert again["outcome"] == "unchanged"
    assert objects(server, cloud) == completed


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS does not accept the credentials"),
        ({"AWS_ACCESS_KEY_ID": "AKIANOBODY0000000000"}, "AWS does not accept the credentials"),
        (
            {"AWS_ACCESS_KEY_ID": READER_KEY, "AWS_SECRET_ACCESS_KEY": READER_SECRET},
            "access denied; give the role s3:GetObject, s3:PutObject on",
        ),
    ],
    ids=["wrong secret", "unknown key", "read only"],
)
def test_a_rejected_key_is_one_line(cloud, variables, words):
    cloud.environment |= variables
    done = cloud.run("run", "bea_pce_state", code=2)
    last = done.stderr.strip().splitlines()
    assert any(words in line for line in last), done.stderr
    for value in variables.values():
        assert "AWS_SECRET" not in done.stderr
        if value not in {READER_KEY, "AKIANOBODY0000000000"}:
            assert value == "wrong" or value not in done.stderr
