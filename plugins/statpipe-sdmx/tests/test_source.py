"""What the source asks a service for."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import attrs
import pytest

from statpipe.api import ConfigError, Environment, Unavailable
from statpipe_sdmx.normalizer import SdmxNormalizer
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.source import SdmxSource
from support.fake_sdmx import serving
from support.sdmx_messages import TIME, VALUE, Cube, Listed

FREQ = Listed(id="FREQ", name="Frequency", codes={"A": "Annual"})
AREAS = {f"A{number:04}": f"Area {number}" for number in range(400)}
AREA = Listed(id="REF_AREA", name="Area", codes=AREAS)
LATER = "2024-05-24T11:00:00+0100"
TEA = Listed(id="TEA", name="Kind of tea", codes={"G": "Green", "B": "Black"})


def cube(*areas, flow="TEA", value="1.5"):
    rows = [
        {"FREQ": "A", "REF_AREA": area, "TEA": tea, TIME: "2024", VALUE: value}
        for area in areas
        for tea in TEA.codes
    ]
    return Cube(flow=flow, dimensions=(FREQ, AREA, TEA), rows=tuple(rows))


@pytest.fixture
def service():
    with serving(flows={"TEA": cube(*AREAS)}) as fake:
        yield fake


@pytest.fixture
def make(service, tmp_path):
    """Make a source of the service, as a run makes it so many days from now."""
    made = []

    def make(days=0, **settings):
        home = Environment(name="local", home=Path(tmp_path))
        given = {"url": service.url, "flow": "TEA"} | settings
        told = SdmxSettings(environment=home, instance="tea", **given)
        made.append(SdmxSource(told, now=lambda: time.time() + days * 86_400))
        return made[-1]

    yield make
    for one in made:
        one.close()


def loaded(source):
    """The figures that a source brings, by area and kind."""
    (bare,) = source.datasets()
    vintage = source.probe(bare)
    payloads = list(source.fetch(bare, vintage))
    normalizer = SdmxNormalizer()
    dataset = attrs.evolve(normalizer.describe(bare, payloads), selection=vintage.selection)
    rows = normalizer.normalize(dataset, payloads).to_pylist()
    return {(row["ref_area"], row["tea"]): row["obs_value"] for row in rows}


@pytest.mark.parametrize("rest", ["2.1", "3.0"])
@pytest.mark.parametrize(
    ("key", "areas", "teas"),
    [
        ("", set(AREAS), {"G", "B"}),
        ("A.*.B", set(AREAS), {"B"}),
        ("A.A0001+A0002.*", {"A0001", "A0002"}, {"G", "B"}),
        ("*.A0003.G", {"A0003"}, {"G"}),
    ],
)
def test_a_key_requests_its_series_in_both_versions(make, rest, key, areas, teas):
    found = loaded(make(rest=rest, key=key))
    assert {area for area, _ in found} == areas
    assert {tea for _, tea in found} == teas


@pytest.mark.parametrize("key", [f"A.{'+'.join(AREAS)}.B", "A..B"])
def test_a_key_that_is_too_long_is_split_into_parts(make, service, key):
    service.most = 250
    assert set(loaded(make(key=key))) == {(area, "B") for area in AREAS}
    assert len(service.asked("data")) > 1
    assert max(len(one.path) for one in service.asked("data")) < 1600


@pytest.mark.parametrize("flows", [("A.B", "A_B"), ("TEA", "TEA")])
def test_two_flows_are_always_two_datasets(make, flows):
    with pytest.raises(ConfigError, match=r"tea\.flows: .* would both be the dataset"):
        make(flow="", flows=flows).datasets()


def probed(source):
    """What a run's probe shows."""
    (bare,) = source.datasets()
    return source.probe(bare)


class TestAnUnchangedFlow:
    """It costs one request, in each way in which a house says that nothing has changed."""

    @pytest.fixture(
        params=[
            {"modified": "Tue, 20 Feb 2024 10:00:00 GMT"},
            {"tags": True},
            {"tags": True, "modified": "Tue, 20 Feb 2024 10:00:00 GMT"},
            {"changed": "2024-02-20T10:00:00+00:00"},
            {"updated": "2024-02-20T11:00:00+0100"},
            {"updated": "2024-02-20T11:00:00+0100", "start": "2024"},
        ],
        ids=" ".join,
    )
    def way(self, request, service, make):
        """Return what makes a source of a service that speaks in this way, and what changes the flow."""
        told = dict(request.param)
        updated, start = told.pop("updated", ""), told.pop("start", "")
        for name, value in told.items():
            setattr(service, name, value)
        house = "ESTAT" if updated else "ECB"

        def publish(made, *, later=False):
            service.flows["TEA"] = attrs.evolve(
                made, updated=LATER if updated and later else updated
            )
            if later and service.modified:
                service.modified = "Fri, 24 May 2024 10:00:00 GMT"
            if later and service.changed:
                service.changed = "2999"

        publish(cube("A0001"))

        def run(days=0):
            return make(days, service=house, start=start)

        return run, publish

    def test_an_unchanged_flow_costs_one_request_and_keeps_its_vintage(self, service, way):
        run, _ = way
        first = probed(run())
        service.agency.requests.clear()
        assert probed(run(days=2)) == first
        assert len(service.agency.requests) == 1

    def test_changed_figures_are_a_new_vintage(self, way):
        run, publish = way
        first = probed(run())
        publish(cube("A0001", value="2.5"), later=True)
        assert probed(run()).token != first.token

    def test_a_changed_structure_is_noticed_after_some_days(self, way):
        run, publish = way
        first = probed(run())
        other = attrs.evolve(TEA, codes={"G": "Green tea", "B": "Black tea"})
        publish(attrs.evolve(cube("A0001"), dimensions=(FREQ, AREA, other)))
        assert probed(run(days=6)).token == first.token
        assert probed(run(days=8)).token != first.token

    def test_changed_settings_make_a_new_request(self, service, way, make):
        run, _ = way
        probed(run())
        service.agency.requests.clear()
        probed(make(service="ECB", key="A..G"))
        assert len(service.asked("data")) == 1


def test_a_wrong_not_modified_is_only_trusted_for_some_days(make, service):
    service.tags = True
    first = probed(make())
    service.agency.fault = lambda asked, answer: (
        attrs.evolve(answer, status=304, body=b"") if "if-none-match" in asked.headers else answer
    )
    service.flows["TEA"] = cube("A0001", value="2.5")
    assert probed(make(days=6)).token == first.token
    assert probed(make(days=8)).token != first.token


def test_an_unchanged_date_is_only_trusted_for_some_days(make, service):
    service.flows["TEA"] = attrs.evolve(cube("A0001"), updated=LATER)
    loaded(make(service="ESTAT"))
    first = probed(make(service="ESTAT"))
    service.flows["TEA"] = attrs.evolve(cube("A0001", value="2.5"), updated=LATER)
    assert probed(make(days=6, service="ESTAT")).token == first.token
    assert probed(make(days=8, service="ESTAT")).token != first.token
    assert loaded(make(days=8, service="ESTAT"))["A0001", "G"] == "2.5"
    later = probed(make(days=8, service="ESTAT"))
    assert probed(make(days=17, service="ESTAT")) == later


def test_a_service_that_ignores_updated_after_shows_no_new_vintage(make, service):
    first = probed(make(service="ECB"))
    service.changed = "2999"
    assert probed(make(service="ECB")) == first
    service.flows["TEA"] = cube("A0001", value="2.5")
    assert probed(make(service="ECB")).token != first.token


def test_a_fetch_always_reads_the_figures(make, service):
    service.tags = True
    loaded(make())
    service.flows["TEA"] = cube("A0001", value="2.5")
    source = make()
    (bare,) = source.datasets()
    service.flows["TEA"] = cube(*AREAS)
    vintage = source.probe(bare)  # not modified
    service.flows["TEA"] = cube("A0001", value="2.5")
    with pytest.raises(Unavailable, match="TEA was updated while it was fetched; run again"):
        list(source.fetch(bare, vintage))
    assert loaded(make())["A0001", "G"] == "2.5"


def test_a_date_that_moves_without_new_figures_is_ignored(make, service):
    service.modified = "Tue, 20 Feb 2024 10:00:00 GMT"
    first = probed(make())
    service.modified = "Wed, 21 Feb 2024 10:00:00 GMT"
    assert probed(make()) == first


def test_a_damaged_memory_is_ignored(make, service, tmp_path):
    service.tags = True
    first = probed(make())
    (file,) = (tmp_path / ".statpipe" / "sdmx" / "tea").iterdir()
    file.write_text("{}")
    assert probed(make()) == first


def test_a_key_with_another_frequency_than_the_models_is_refused(make):
    assert probed(make(freq="A", key="A..G"))
    with pytest.raises(
        ConfigError, match=r"tea\.freq is 'M', but the key requests the frequency A"
    ):
        probed(make(freq="M", key="A..G"))
    with pytest.raises(ValueError, match="'freq' must be letters of frequencies, such as A"):
        make(freq="annual")


class TestManyFlows:
    """They are asked for side by side, unless the house counts requests."""

    FLOWS = tuple(f"TEA{number}" for number in range(8))

    @pytest.fixture(autouse=True)
    def _flows(self, service):
        service.flows = {flow: cube("A0001", flow=flow) for flow in self.FLOWS}

    def test_four_flows_are_requested_at_once_and_none_twice(self, make, service):
        source = make(flow="", flows=self.FLOWS)
        together = Barrier(4, timeout=60)

        def wait_for_the_others(_, answer):
            together.wait()
            return answer

        service.agency.fault = wait_for_the_others
        datasets = source.datasets()
        with ThreadPoolExecutor(source.at_once) as threads:
            shown = list(threads.map(source.probe, datasets))
        service.agency.fault = None
        for dataset, vintage in zip(datasets, shown, strict=True):
            assert [one.structure for one in source.fetch(dataset, vintage)] == [True, False]
        assert len(service.agency.requests) == 2 * len(self.FLOWS)

    def test_a_service_with_a_limit_gets_one_request_at_a_time(self, make):
        assert make(service="OECD", flow="", flows=self.FLOWS).at_once == 1
        assert make(flow="", flows=self.FLOWS[:2]).at_once == 2
