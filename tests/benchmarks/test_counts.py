"""
What the whole job does, in figures that no machine changes: requests, rows, objects, bytes.

A bound is what was counted. Who needs less lowers it; who needs more says why.
"""

from __future__ import annotations

from datetime import date

import pytest
from benchmarks.measure.agency import BeaAgency
from benchmarks.measure.bucket import Bucket
from benchmarks.measure.homes import Homes
from benchmarks.measure.server import Server
from benchmarks.programs import Statpipe

AREAS = ("US", "CA", "NY")
SETTINGS = f"areas = {list(AREAS)}\n"
FIGURES = 24 * len(AREAS) * 25
DESCRIBING = 24 + len(AREAS)
"""Rows of the tables of categories and areas."""

REQUESTS = 1 + len(AREAS)
"""The list of lines, and all lines of an area."""

ROOM = 1.05
"""Bytes depend a little on the versions of what packs them."""


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    for place in (folder, folder.parent):
        place.chmod(0o711)  # the server's user has to pass
    with Server(folder / "postgres") as server:
        yield Homes(folder / "homes", server)


@pytest.fixture
def agency():
    with BeaAgency(["SAPCE1"]) as running:
        yield running


def test_each_step_of_a_year_sends_and_writes_only_what_it_must(homes, agency):
    program = Statpipe(settings=SETTINGS)
    home = homes.make("year", program, agency)

    def step(name):
        return homes.measure(name, 0, program, home, requests=agency.requests)

    first = step("first load")
    assert first.requests == REQUESTS
    assert first.rows == FIGURES + DESCRIBING
    assert first.puts <= 25
    assert first.lake <= 484_607 * ROOM
    assert first.tables <= 704_512 * ROOM

    unchanged = step("unchanged")
    assert (unchanged.requests, unchanged.rows) == (1, 0)
    assert unchanged.puts <= 2

    agency.publish(date(2023, 10, 4), 0.01)
    some = step("1 % revised")
    assert some.requests == REQUESTS
    revised = some.rows // 2
    assert 0 < revised < FIGURES / 50
    assert some.rows == 2 * revised, "an interval ends, and another begins"
    assert some.puts <= 24
    assert some.lake - unchanged.lake <= 153_805 * ROOM

    agency.publish(date(2024, 10, 4), 1)
    everything = step("all revised")
    assert everything.requests == REQUESTS
    assert everything.rows == 2 * FIGURES
    assert everything.puts <= 24
    assert everything.lake - some.lake <= 229_006 * ROOM
    assert everything.tables <= 1_613_824 * ROOM


def test_a_bucket_gets_no_more_requests_than_before(homes, agency, tmp_path):
    with Bucket(tmp_path / "weed") as bucket:
        program = Statpipe(settings=SETTINGS, lake=bucket.lake("counts"))
        home = homes.make("bucket", program, agency, **bucket.variables)

        def asked(name):
            bucket.counted()
            homes.measure(name, 0, program, home)
            return bucket.counted()[0]

        # The lease of a run that lasts longer than a quarter of a minute is renewed.
        assert asked("first load") <= 51 + 2
        assert asked("unchanged") <= 24
