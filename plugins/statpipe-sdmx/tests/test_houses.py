"""Each house of the table is asked as it wants to be asked: a new line of the table is tested by itself."""

from __future__ import annotations

import gzip
from pathlib import Path
from urllib.parse import urlencode

import attrs
import pytest
import stamina

from statpipe.api import ConfigError, Environment, NoData, Unavailable
from statpipe.testing import Answer
from statpipe_sdmx.normalizer import SdmxNormalizer
from statpipe_sdmx.service import known
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.source import SdmxSource
from support.fake_sdmx import serving
from support.sdmx_messages import TIME, VALUE, Cube, Listed

AREA = Listed(id="REF_AREA", name="Area", codes={"CN": "China", "IN": "India"})
TEA = Listed(id="TEA", name="Kind of tea", codes={"G": "Green", "B": "Black"})


def cube(value="1.50"):
    rows = [{"REF_AREA": "CN", "TEA": "G", TIME: "2023", VALUE: value}]
    return Cube(flow="TEA", dimensions=(AREA, TEA), rows=(*rows, rows[0] | {TIME: "2024"}))


@pytest.fixture(scope="module")
def agency():
    with serving(flows={"TEA": cube()}) as fake:
        yield fake


@pytest.fixture
def service(agency):
    """The service as at the beginning of each test."""
    agency.flows, agency.manners, agency.modified = {"TEA": cube()}, "", ""
    agency.agency.answer_with(agency.answer)
    agency.agency.requests.clear()
    return agency


@pytest.fixture
def make(service, tmp_path):
    made = []

    def make(house, **told):
        home = Environment(name="local", home=Path(tmp_path))
        settings = {"service": house, "url": service.url, "flow": "TEA"} | told
        made.append(SdmxSource(SdmxSettings(environment=home, **settings)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def figures(source):
    (dataset,) = source.datasets()
    payloads = list(source.fetch(dataset, source.probe(dataset)))
    normalizer = SdmxNormalizer()
    rows = normalizer.normalize(normalizer.describe(dataset, payloads), payloads).to_pylist()
    return {row["time_period"]: row["obs_value"] for row in rows}


MANNERS = {
    "as it is": lambda answer: answer,
    "no content type": lambda answer: attrs.evolve(answer, media_type=""),
    "forced download": lambda a: attrs.evolve(a, media_type="application/force-download"),
    "gzip": lambda a: attrs.evolve(
        a, body=gzip.compress(a.body), headers={**a.headers, "Content-Encoding": "gzip"}
    ),
}


@pytest.mark.parametrize("house", sorted(known()))
def test_each_service_gets_the_requests_it_expects(house, make, service):
    assert figures(make(house)) == {"2023": "1.50", "2024": "1.50"}
    line = known()[house]
    structure, data = service.asked("dataflow")[0], service.asked("data")[0]
    below = {"3.0": "/structure/"}.get(line.version, f"/{line.structures_at}/".replace("//", "/"))
    assert structure.path.startswith(f"{below}dataflow/{line.structures_of or line.agency}/TEA")
    assert structure.query["references"] == line.references
    assert data.path.endswith("/") == line.slash
    assert set(line.parameters.items()) <= set(data.query.items())


@pytest.mark.parametrize("house", sorted(known()))
def test_each_service_may_have_new_figures_or_none(house, make, service):
    before = make(house)
    token = before.probe(before.datasets()[0]).token
    service.flows["TEA"] = cube("1.75")
    # In another language nothing was seen before: as on a machine that is new every day.
    after = make(house, language="fr")
    assert after.probe(after.datasets()[0]).token != token
    service.flows = {}
    with pytest.raises(NoData, match="check `flow` and `key`"):
        figures(make(house, language="it"))


@pytest.mark.parametrize("manner", MANNERS)
def test_figures_are_read_with_any_encoding_or_package(manner, make, service):
    service.agency.answer_with(lambda request: MANNERS[manner](service.answer(request)))
    assert figures(make("SGR")) == {"2023": "1.50", "2024": "1.50"}


def test_a_web_page_with_status_200_is_refused_and_kept(make, service):
    service.manners = "page"
    with (
        stamina.set_testing(True, attempts=1),
        pytest.raises(Unavailable, match="run again") as error,
    ):
        figures(make("ABS"))
    assert error.value.payload.body.startswith(b"<html>")


def test_a_redirect_within_the_service_is_followed(make, service):
    def moved(request):
        if request.path.startswith("/new/"):
            return service.answer(attrs.evolve(request, path=request.path.removeprefix("/new")))
        query = urlencode(request.query)
        return Answer(b"", status=301, headers={"Location": f"/new{request.path}?{query}"})

    service.agency.answer_with(moved)
    assert figures(make("ECB")) == {"2023": "1.50", "2024": "1.50"}


@pytest.mark.parametrize("house", ["ECB", "BBK", "OECD3"])
def test_an_unknown_flow_is_reported_with_the_nearest_one(house, make, service):
    with pytest.raises(ConfigError, match=r"no flow 'TEE' among its 1; did you mean 'TEA'\?"):
        figures(make(house, flow="TEE"))
    # Where the house does not list its flows either, its own words are told.
    service.flows = {}
    with pytest.raises(NoData, match="the service has no data at"):
        figures(make(house, flow="TEE"))
