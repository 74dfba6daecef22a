"""A corner of a bucket, a folder whose lake lies there, and what befalls requests on the way."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pyarrow as pa
from botocore.exceptions import ClientError

from statpipe.api import Layer, Partition, PartitionKey, Payload
from support.fault_proxy import Exchange
from support.forked import run_statpipe
from support.installed import TESTS
from support.seaweed import KEY, SECRET

BUCKET = "statpipe-faults"
RUN = "[0-9]{8}T[0-9]{12}Z-[0-9a-f]{4}"


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


def layers(objects):
    return {path: body for path, body in objects.items() if path.startswith(("silver/", "gold/"))}


def held(objects):
    """What the latest manifest says that the lake holds, less the ids of runs."""
    latest = max(path for path in objects if path.startswith("runs/"))
    holds = json.loads(objects[latest])["holds"]
    for one in holds:
        one["made_from"] = [origin["vintage"] for origin in one["made_from"]]
    return holds


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


def last_line(errors):
    return errors.strip().splitlines()[-1]
