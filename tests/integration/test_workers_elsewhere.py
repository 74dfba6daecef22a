"""Real worker processes, of the standard library and of Dask: one dies, and the lake is the same."""

import hashlib
import os

import boto3
import pytest
from distributed import LocalCluster
from moto.server import ThreadedMotoServer

from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.executors import executor_for
from support.installed import TESTS, install_tea
from support.mortal import VARIABLE, MortalPlugin
from support.shared_office import SharedOffice
from support.tea import DATASETS, Release, TeaAgency, prices

DAYS = ("2024-01-01", "2024-02-01", "2024-03-01")
LAYERS = ("bronze", "silver", "changes", "gold")


class Office:
    """The agency, and the plugin that reads it."""

    def __init__(self):
        self.agency = TeaAgency(today="2024-03-02")
        for number, day in enumerate(DAYS, 1):
            for name in DATASETS:
                figures = prices(10 * number)
                self.agency.releases.append(Release(dataset=name, released=day, figures=figures))

    def plugin(self):
        return MortalPlugin(lambda: self.agency)


@pytest.fixture
def office(tmp_path, monkeypatch):
    made = Office()
    made.agency.save(tmp_path / "agency.json")
    plugin = install_tea(tmp_path / "plugin")
    monkeypatch.setenv("TEA_AGENCY", str(tmp_path / "agency.json"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (plugin, TESTS))))
    monkeypatch.syspath_prepend(str(plugin))  # where spawned processes look
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mortal"))
    return made


@pytest.fixture
def alone(office, tmp_path):
    place = SharedOffice(office, tmp_path / "alone")
    place.backfill()
    return place


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_a_killed_worker_changes_nothing(office, alone, tmp_path, kind):
    mortal = tmp_path / "mortal"
    mortal.touch()
    engine = {"executor": kind, "workers": 2}
    configuration = Configuration(
        path=None, home=tmp_path, document={"engine": engine}, variables={}
    )
    place = SharedOffice(office, tmp_path / "shared")
    with executor_for(configuration, None) as pool:
        manifests = place.backfill(pool)
    assert [run.outcome for run in manifests] == ["loaded"] * 4
    assert not mortal.exists()
    assert place.files(*LAYERS) == alone.files(*LAYERS)


@pytest.fixture
def bucket(monkeypatch):
    """Give a client of a bucket, and its address. Workers find the key in their environment."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
    client.create_bucket(Bucket="shared-lake")
    yield client, f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["processes", "dask"])
def engine(request, bucket):
    """Give what the configuration says of workers: our own, or a Dask cluster that somebody else runs."""
    if request.param == "processes":
        yield {"executor": "processes", "workers": 2}
        return
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as other:
        assert other.scheduler_address.startswith("tcp://127.0.0.1:")
        yield {"executor": "dask", "scheduler": other.scheduler_address, "workers": 2}


def test_all_workers_can_use_a_lake_in_a_bucket(office, alone, bucket, engine, tmp_path):
    client, address = bucket
    folder = engine["executor"]  # emulated buckets outlive their servers
    place = SharedOffice(
        office, tmp_path / "far", path=f"s3://shared-lake/{folder}", endpoint_url=address
    )
    configuration = Configuration(
        path=None, home=tmp_path, document={"engine": engine}, variables={}
    )
    with executor_for(configuration, None) as pool:
        manifests = place.backfill(pool)
    assert [run.outcome for run in manifests] == ["loaded"] * 4
    there = {}
    for page in client.get_paginator("list_objects_v2").paginate(
        Bucket="shared-lake", Prefix=f"{folder}/"
    ):
        for found in page["Contents"]:
            key = found["Key"].removeprefix(f"{folder}/local/")
            body = client.get_object(Bucket="shared-lake", Key=found["Key"])["Body"].read()
            there[key] = hashlib.sha256(body).hexdigest()
    assert not [key for key in there if key.startswith("staged/")]
    wanted = alone.files(*LAYERS)
    assert {key: there.get(key) for key in wanted} == wanted
