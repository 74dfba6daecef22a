"""Answers that a service makes later."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from statpipe.api import Environment, Rejected, Unavailable
from statpipe_sdmx import asking
from statpipe_sdmx.later import place_of
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.source import SdmxSource
from support.fake_sdmx import serving
from support.sdmx_messages import TIME, VALUE, Cube, Listed

GEO = Listed(id="GEO", name="Area", codes={"DE": "Germany"})
FLOW = Cube(flow="TEA", dimensions=(GEO,), rows=({"GEO": "DE", TIME: "2024", VALUE: "1.5"},))


@pytest.fixture
def service(monkeypatch):
    quick = attrs.evolve(asking.LATER, tries=4, first_wait=0.01, longest_wait=0.02, jitter=0.0)
    monkeypatch.setattr(asking, "LATER", quick)
    with serving(flows={"TEA": FLOW}) as fake:
        yield fake


def brought(service, tmp_path, house):
    """The messages with figures that a source brings."""
    home = Environment(name="local", home=Path(tmp_path))
    source = SdmxSource(SdmxSettings(environment=home, service=house, url=service.url, flow="TEA"))
    try:
        (bare,) = source.datasets()
        return [p for p in source.fetch(bare, source.probe(bare)) if not p.structure]
    finally:
        source.close()


@pytest.mark.parametrize("delayed", ["footer", "queue"])
def test_the_source_waits_for_a_delayed_answer(service, tmp_path, delayed):
    service.delayed, service.not_yet = delayed, 2
    (payload,) = brought(service, tmp_path, "ESTAT")
    assert payload.body.startswith(b"PK")
    places = [
        one.path for one in service.agency.requests if "/file/" in one.path or "async" in one.path
    ]
    assert places[:3] == [places[0]] * 3


@pytest.mark.parametrize("delayed", ["footer", "queue"])
def test_an_answer_that_does_not_arrive_is_left_for_another_run(service, tmp_path, delayed):
    service.delayed, service.not_yet = delayed, 99
    with pytest.raises(
        Unavailable, match=r"TEA: the service has not prepared the answer yet; run again later"
    ):
        brought(service, tmp_path, "ESTAT")


def test_code_413_of_another_service_means_too_much_data(service, tmp_path):
    service.delayed = "footer"
    with pytest.raises(Rejected, match="says that the request is too large"):
        brought(service, tmp_path, "OECD")


def test_a_delayed_answer_is_only_fetched_from_the_service_itself():
    footer = b'<f:Footer><f:Message code="413"><c:Text>http://evil.example:81/a/b?c=d</c:Text>'
    assert place_of(footer, "https://ec.example/api/sdmx/2.1") == "https://ec.example/a/b?c=d"
    queue = b"<queued><id>12-ab</id></queued>"
    place = place_of(queue, "https://ec.example/api/dissemination/sdmx/2.1")
    assert place == "https://ec.example/api/dissemination/1.0/async/data/12-ab"
    assert not place_of(b"DATAFLOW,FREQ\r\n", "https://ec.example")
