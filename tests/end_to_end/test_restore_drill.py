"""The restore drill of docs/operability.md, command by command as the page prints it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import boto3
import psycopg
import pytest

from support import aws_line
from support.moto_account import emulated_account
from support.patience import PATIENCE
from support.user import ROOT

PAGE = (ROOT / "docs" / "operability.md").read_text().partition("### Restore drill\n")[2]
LAKE, DATABASE = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[:2]
BUCKET = "statpipe-drill"
LAYERS = ["bronze", "changes", "copies", "gold", "prints", "runs", "silver"]
SOURCE = """
[sources.bea_pce_state]
tables = ["SAPCE1"]
areas = ["US", "CA"]
lines = [1]
"""
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@pytest.fixture
def address():
    with emulated_account() as address:
        yield address


@pytest.fixture
def s3(address):
    """A client, with a bucket that keeps versions as provisioning makes it."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    client = session.client("s3", endpoint_url=address)
    client.create_bucket(Bucket=BUCKET)
    kept = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=kept)
    return client


@pytest.fixture
def staging(home, s3, address, tmp_path):
    """A home whose environment `staging` has its lake in that bucket, and a loaded one."""
    home.configure(
        f'[environments.staging.sinks.lake]\npath = "s3://{BUCKET}"\nendpoint_url = "{address}"\n'
        f"{SOURCE}channel = 'bulk'\nbulk = '{ROOT / 'tests' / 'data' / 'SAPCE.zip'}'\n"
    )
    home.environment |= {**KEYS, "AWS_ENDPOINT_URL": address, "AWS_DEFAULT_REGION": "us-east-1"}
    home.run("run", "bea_pce_state", "--env", "staging")
    with aws_line.installed(tmp_path / "bin", {"s3": s3}.get) as programs:
        ours = Path(sys.executable).parent
        home.environment["PATH"] = os.pathsep.join([str(programs), str(ours), os.defpath])
        yield home


def objects(s3):
    """All objects but locks."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
    return {
        key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        for key in keys
        if "/locks/" not in key
    }


def moment():
    """A time after all that was written: S3 counts seconds."""
    time.sleep(1.1)
    now = datetime.now(UTC)
    time.sleep(1.1)
    return f"{now:%Y-%m-%dT%H:%M:%S}"


def harm(s3, before, *layers):
    """Delete, overwrite, or both: one of each in each layer."""
    chosen = [[k for k in before if k.split("/")[1] == layer][:3] for layer in layers]
    for number, key in enumerate(key for keys in chosen for key in keys):
        if number % 3 != 0:
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"damaged")
        if number % 3 != 1:
            s3.delete_object(Bucket=BUCKET, Key=key)


def follow(home, block, **values):
    """Run a block of the page in a shell, with one's own values in its first line."""
    for name, value in values.items():
        block, found = re.subn(rf"\b{name}=\S+", f"{name}={value}", block, count=1)
        assert found, name
    return subprocess.run(
        ["sh", "-c", block],
        cwd=home.folder,
        env=home.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_every_deleted_or_overwritten_object_is_restored(staging, s3):
    before = objects(s3)
    assert sorted({key.split("/")[1] for key in before}) == LAYERS
    when = moment()
    harm(s3, before, *LAYERS)
    assert objects(s3) != before
    done = follow(staging, LAKE, BUCKET=BUCKET, WHEN=when)
    assert done.returncode == 0, done.stderr + done.stdout
    assert objects(s3) == before
    again = follow(staging, LAKE, BUCKET=BUCKET, WHEN=when)
    assert again.returncode == 0
    assert objects(s3) == before


@pytest.mark.slow
def test_after_a_later_run_evidence_is_restored_and_the_rest_rebuilt(staging, s3):
    """Silver and Gold of the later run are right: they are not set back."""
    before = objects(s3)
    when = moment()
    staging.run("run", "bea_pce_state", "--env", "staging", "--full")
    later = objects(s3)
    # Fingerprints only save requests; the next run remembers them anew.
    harm(s3, before, *(layer for layer in LAYERS if layer not in {"gold", "prints"}))
    for below in re.search(r"`BELOW=(\S+)`, then `(\S+)` and `(\S+)`", PAGE).groups():
        follow(staging, LAKE, BUCKET=BUCKET, WHEN=when, BELOW=below)
    command = re.search(r"`statpipe (lake verify --env staging --repair)`", PAGE)[1]
    staging.run(*shlex.split(command))
    assert objects(s3) == later


def test_a_dropped_database_is_rebuilt_and_compared_row_by_row(home):
    home.configure(
        f"[environments.local.sinks.lake]\n[environments.local.sinks.postgres]\n{SOURCE}"
    )
    home.run("run", "bea_pce_state")
    server = home.run("db", "start").stdout.strip()
    before = contents(server)
    assert before
    for line in DATABASE.splitlines():
        program, *words = shlex.split(line)
        if program == "psql":
            with psycopg.connect(server, autocommit=True) as administrator:
                administrator.execute(words[-1])
            assert not contents(server)
        elif program == "make":
            assert words == ["database", "ENV=staging"]
        else:
            done = home.run(*[{"staging": "local"}.get(word, word) for word in words])
    assert contents(server) == before
    assert "unchanged" in done.stderr + done.stdout


def contents(server):
    """All rows of all relations of Gold."""
    with psycopg.connect(server) as connection:
        names = connection.execute(
            "SELECT format('%I.%I', schemaname, relname) FROM pg_stat_user_tables"
            " WHERE schemaname = 'gold' UNION SELECT format('%I.%I', schemaname, viewname)"
            " FROM pg_views WHERE schemaname = 'gold'"
        ).fetchall()
        return {
            name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}").fetchall()))
            for (name,) in names
        }
