"""A bucket on a real server, and a wire to it that tests cut."""

from __future__ import annotations

import itertools
import os
from datetime import timedelta

import boto3
import pytest

from statpipe.api import Environment
from statpipe_lake import bucket
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings
from support.fault_proxy import FaultProxy
from support.installed import install_tea
from support.s3_faults import BUCKET, Corner, Place
from support.seaweed import KEY, SECRET, Seaweed
from support.tea import DATASETS, PORTS, TeaAgency, prices


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def fresh():
    """Prefixes of the bucket that nobody has used."""
    return (f"lake-{number}" for number in itertools.count()).__next__


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


@pytest.fixture(scope="session")
def plugins(tmp_path_factory):
    return install_tea(tmp_path_factory.mktemp("plugins"))


@pytest.fixture(scope="session")
def releases(tmp_path_factory):
    """The agency before and after its second release, of two datasets."""
    folder = tmp_path_factory.mktemp("agency")
    agency = TeaAgency(ports=PORTS[:1])
    for number, day in enumerate(("2024-03-01", "2024-04-01"), 1):
        for name in DATASETS:
            agency.publish(name, day, prices(30 + number))
        agency.save(folder / f"{number}.json")
    return folder / "1.json", folder / "2.json"


@pytest.fixture(scope="session")
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


@pytest.fixture
def place(plugins, releases, wire, corner, tmp_path):
    prefix = corner.prefix.removesuffix("/local/")
    return Place(tmp_path / "here", plugins, releases[0], wire.url, prefix)
