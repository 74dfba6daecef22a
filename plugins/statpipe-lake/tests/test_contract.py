"""The lake keeps what every lake promises, with Gold and with Silver."""

import itertools
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import attrs
import boto3
import pytest
from moto.server import ThreadedMotoServer

from contract.sink_contract import LakeContract, fingerprint_of
from statpipe.api import (
    ContentError,
    Dataset,
    Environment,
    Layer,
    Locked,
    Partition,
    PartitionKey,
    observations_from_rows,
)
from statpipe.domain.seal import seal
from statpipe_lake import lease
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings
from support.patience import PATIENCE

BUCKET = "statpipe-contract"

HOLDER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from statpipe.api import Environment
    from statpipe_lake.plugin import make_lake
    from statpipe_lake.settings import LakeSettings
    environment = Environment(name="local", home=Path(sys.argv[1]))
    where = {"path": sys.argv[4], "endpoint_url": sys.argv[5]} if len(sys.argv) > 4 else {}
    lake = make_lake(LakeSettings(environment=environment, **where))
    with lake.lock(sys.argv[2], 0, lambda: sys.argv[3]):
        print("held", flush=True)
        time.sleep(600)
    """
)


def silver_partition(figures, *, source, dataset, vintage, fingerprint=None):
    rows = [
        {
            "ref_area": area,
            "category": f"{dataset}:1",
            "time_period": str(year),
            "obs_value": value,
            "obs_status": "O" if value is None else "A",
        }
        for (area, year), value in figures.items()
    ]
    described = Dataset(name=dataset, title=dataset, normalizer="n")
    return Partition(
        key=PartitionKey(layer=Layer.SILVER, owner=source, dataset=dataset, vintage=vintage),
        table=seal(observations_from_rows(rows), described, vintage),
        fingerprint=fingerprint or fingerprint_of(figures),
    )


class TestLakeWithGold(LakeContract):
    many_runs = 20  # folders have no pages, and obstore reads those of a bucket to the end
    names = ("area", "year", "value")

    @pytest.fixture
    def open_lake(self, tmp_path):
        environment = Environment(name="local", home=tmp_path)
        return lambda: make_lake(LakeSettings(environment=environment))

    @pytest.fixture
    def scratch(self, tmp_path):
        environment = Environment(name="local", home=tmp_path, scratch="smoke")
        return make_lake(LakeSettings(environment=environment))

    @pytest.fixture
    def sink(self, open_lake):
        return open_lake()

    @pytest.fixture
    def another(self, open_lake):
        return open_lake()

    def figures_in(self, sink, key):
        try:
            table = sink.read(key)
        except ContentError as error:
            assert "the lake has no" in str(error)
            return None
        areas, years, values = (table[name].to_pylist() for name in self.names)
        return {
            (area, int(year)): value for area, year, value in zip(areas, years, values, strict=True)
        }

    def silver_of(self, figures, *, source, dataset, vintage):
        return silver_partition(figures, source=source, dataset=dataset, vintage=vintage)

    def lose_payload(self, lake, key):
        self.file(lake, key).unlink()

    def damage_payload(self, lake, key):
        path = self.file(lake, key)
        path.write_bytes(path.read_bytes()[:-9])

    def damage_partition(self, lake, key):
        path = self.file(lake, f"{key.path}/part-0.parquet")
        path.write_bytes(path.read_bytes()[:-100])

    def damage_manifest(self, lake, source, run_id):
        self.file(lake, f"runs/{source}/{run_id}.json").write_bytes(b"")

    def holder(self, lake, *, name, run_id):
        home = self.file(lake, "").parents[2]
        return [sys.executable, "-c", HOLDER, str(home), name, run_id]

    def file(self, lake, key):
        return Path(lake.locations()["lake"]) / key


class TestLakeWithSilver(TestLakeWithGold):
    names = ("ref_area", "time_period", "obs_value")

    def partition_of(self, figures, *, fingerprint=None, owner="spending"):
        return silver_partition(
            figures, source="agency", dataset=owner, vintage="2022-10-06", fingerprint=fingerprint
        )


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def s3_server():
    """The address of a server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3", endpoint_url=s3_server)
    client.create_bucket(Bucket=BUCKET)
    return client


class TestBucketWithGold(TestLakeWithGold):
    @pytest.fixture
    def open_lake(self, tmp_path, s3, s3_server):
        environment = Environment(name="local", home=tmp_path)
        path = f"s3://{BUCKET}/{next(_numbers)}"
        settings = LakeSettings(environment=environment, path=path, endpoint_url=s3_server)
        self.client = s3
        self.settings = settings
        return lambda: make_lake(settings)

    @pytest.fixture
    def scratch(self, open_lake, tmp_path):
        corner = Environment(name="local", home=tmp_path, scratch="smoke")
        return make_lake(attrs.evolve(self.settings, environment=corner))

    def key(self, lake, key):
        return f"{lake.locations()['lake'].split('/', 3)[3]}/{key}"

    def lose_payload(self, lake, key):
        self.client.delete_object(Bucket=BUCKET, Key=self.key(lake, key))

    def damage_payload(self, lake, key):
        self.cut(lake, key, 9)

    def damage_partition(self, lake, key):
        self.cut(lake, f"{key.path}/part-0.parquet", 100)

    def damage_manifest(self, lake, source, run_id):
        key = self.key(lake, f"runs/{source}/{run_id}.json")
        self.client.put_object(Bucket=BUCKET, Key=key, Body=b"")

    def cut(self, lake, key, length):
        whole = self.key(lake, key)
        body = self.client.get_object(Bucket=BUCKET, Key=whole)["Body"].read()
        self.client.put_object(Bucket=BUCKET, Key=whole, Body=body[:-length])

    def holder(self, lake, *, name, run_id):
        address = lake.locations()["lake"].removesuffix("/local")
        endpoint = self.client.meta.endpoint_url
        return [sys.executable, "-c", HOLDER, "/nowhere", name, run_id, address, endpoint]

    def test_a_killed_holder_frees_the_lock(self, sink, monkeypatch):
        command = self.holder(sink, name="agency", run_id="run-of-the-dead")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout.readline() == "held\n"
                with (
                    pytest.raises(Locked, match=f"run-of-the-dead.*{process.pid}"),
                    sink.lock("agency", 0, lambda: "2"),
                ):
                    pass
            finally:
                process.kill()
            process.wait(timeout=PATIENCE)
        with pytest.raises(Locked), sink.lock("agency", 0, lambda: "2"):
            pass  # nobody can know yet that it is dead
        monkeypatch.setattr(lease, "LASTS", 1.0)
        time.sleep(2.1)
        with sink.lock("agency", 0, lambda: "3") as run_id:
            assert run_id == "3"


class TestBucketWithSilver(TestBucketWithGold):
    names = ("ref_area", "time_period", "obs_value")

    def partition_of(self, figures, *, fingerprint=None, owner="spending"):
        return silver_partition(
            figures, source="agency", dataset=owner, vintage="2022-10-06", fingerprint=fingerprint
        )
