"""A table waits where no reader looks, until it gets its place."""

import os
import time
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from statpipe.api import Environment
from statpipe.testing.partitions import silver_partition
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings

FIGURES = {("CA", 2021): Decimal(1), ("NY", 2022): None}


@pytest.fixture(scope="module")
def s3():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def lake(request, tmp_path, monkeypatch):
    environment = Environment(name="local", home=tmp_path)
    if request.param == "folder":
        return make_lake(LakeSettings(environment=environment))
    address = request.getfixturevalue("s3")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket="staged-tables")
    path = f"s3://staged-tables/{request.node.name}"
    return make_lake(LakeSettings(environment=environment, path=path, endpoint_url=address))


@pytest.fixture
def partition():
    return silver_partition(FIGURES, source="agency", dataset="T", vintage="2022-10-06")


def test_a_staged_table_is_read_by_its_fingerprint_and_is_not_in_silver(lake, partition):
    lake.stage(partition)
    assert lake.staged(partition.key, partition.fingerprint).equals(partition.table)
    assert lake.staged(partition.key, "0" * 64) is None
    assert lake.fingerprint(partition.key) is None
    assert not lake.partitions("agency")
    (left,) = lake.unnamed("agency", (), ())
    assert left.startswith("staged/agency/T-2022-10-06-")


def test_publishing_gives_the_same_bytes_as_writing_and_leaves_nothing(lake, partition):
    lake.stage(partition)
    receipt = lake.publish(partition.key, partition.fingerprint)
    assert lake.read(partition.key).equals(partition.table)
    assert lake.unnamed("agency", (), [partition.key]) == []
    assert lake.publish(partition.key, partition.fingerprint) is None
    assert not lake.write(partition).changed
    assert (receipt.path, receipt.rows, receipt.inserted) == (partition.key.path, 2, 2)
    assert receipt.bytes_written > 1000


def test_a_table_that_exists_already_is_not_published_again(lake, partition):
    lake.write(partition)
    lake.stage(partition)
    assert lake.publish(partition.key, partition.fingerprint) is None
    assert lake.read(partition.key).equals(partition.table)


def test_an_unpublished_table_is_removed_after_a_day(tmp_path, partition):
    lake = make_lake(LakeSettings(environment=Environment(name="local", home=tmp_path)))
    lake.stage(partition)
    (left,) = lake.unnamed("agency", (), ())
    file = Path(lake.locations()["lake"]) / left
    with lake.lock("agency", 0, lambda: "run-1"):
        assert file.exists()
    a_day_ago = time.time() - 25 * 3600
    os.utime(file, (a_day_ago, a_day_ago))
    with lake.lock("agency", 0, lambda: "run-2"):
        assert not file.exists()
