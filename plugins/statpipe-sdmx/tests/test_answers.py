"""What a service answers, and what it is asked for then."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from statpipe.api import ContentError, Environment, NoData
from statpipe.testing import Answer
from statpipe_sdmx.normalizer import SdmxNormalizer
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.source import SdmxSource
from support.fake_sdmx import serving
from support.sdmx_messages import FORMATS, TIME, VALUE, Cube, Listed

FREQ = Listed(id="FREQ", name="Frequency", codes={"A": "Annual"})
AREA = Listed(id="REF_AREA", name="Area", codes={"CN": "China", "IN": "India"})
TITLE = Listed(id="TITLE", name="Title")
ROWS = tuple(
    {"FREQ": "A", "REF_AREA": area, TIME: "2024", VALUE: value, "TITLE": "thé"}
    for area, value in (("CN", "1.50"), ("IN", "27.25"))
)
TEA = Cube(flow="TEA", dimensions=(FREQ, AREA), attributes=(TITLE,), rows=ROWS)
FIGURES = {"CN": "1.50", "IN": "27.25"}
CSV, ML, ANY = "vnd.sdmx.data+csv", "structurespecificdata+xml", "*/*"
ERROR = (
    b'<m:Error xmlns:m="m" xmlns:c="c"><m:ErrorMessage code="100"><c:Text>No results</c:Text>'
    b"</m:ErrorMessage></m:Error>"
)


@pytest.fixture
def service():
    with serving(flows={"TEA": TEA}) as fake:
        yield fake


@pytest.fixture
def read(service, tmp_path):
    """Return the figures by area, and the formats that the service was asked for."""

    def read(*, notes=False, **told):
        home = Environment(name="local", home=Path(tmp_path))
        source = SdmxSource(SdmxSettings(environment=home, url=service.url, flow="TEA", **told))
        (bare,) = source.datasets()
        payloads = list(source.fetch(bare, source.probe(bare)))
        source.close()
        normalizer = SdmxNormalizer()
        table = normalizer.normalize(normalizer.describe(bare, payloads), payloads)
        if notes:
            return {row["notes"] for row in table.to_pylist()}
        return {row["ref_area"]: row["obs_value"] for row in table.to_pylist()}

    return read


def formats(service):
    accepted = [one.headers["accept"] for one in service.asked("data")]
    return [next(one for one in (CSV, ML, ANY) if one in accept) for accept in accepted]


def answering(service, change):
    """Change what the service answers to requests for data."""

    def answer(request):
        found = service.answer(request)
        return change(request, found) if "/data/" in request.path else found

    service.agency.answer_with(answer)


def test_a_csv_that_is_cut_is_asked_for_in_a_format_that_says_where_it_ends(service, read):
    answering(
        service,
        lambda request, answer: (
            attrs.evolve(answer, body=answer.body[:-3])
            if CSV in request.headers["accept"]
            else answer
        ),
    )
    assert read() == FIGURES
    assert formats(service) == [CSV, ML]


def test_a_service_that_has_nothing_but_a_cut_csv_is_told(service, read):
    service.formats = ("csv 1.0",)
    answering(service, lambda _, answer: attrs.evolve(answer, body=answer.body[:-3]))
    with pytest.raises(ContentError, match="the CSV ends in the middle of a line") as error:
        read()
    assert error.value.payload.body.endswith(b",27.25,th\xc3")


@pytest.mark.parametrize("status", [406, 415, 501])
def test_another_format_is_asked_for_where_one_is_not_served(service, read, status):
    answering(
        service,
        lambda request, answer: (
            Answer(b"", status=status) if CSV in request.headers["accept"] else answer
        ),
    )
    assert read() == FIGURES
    assert formats(service) == [CSV, ML]


def test_what_a_service_sends_by_itself_is_read_at_last(service, read):
    def only_json(request, _):
        if request.headers["accept"] != ANY:
            return Answer(b"", status=406)
        return Answer(FORMATS["json 1.0"](TEA))

    answering(service, only_json)
    assert read() == FIGURES
    assert formats(service) == [CSV, ML, ANY]


def test_a_structure_is_asked_for_by_its_plain_name_where_the_service_knows_no_other(service, read):
    def plain(request):
        asked = "/dataflow/" in request.path and "sdmx" in request.headers["accept"]
        return Answer(b"", status=406) if asked else service.answer(request)

    service.agency.answer_with(plain)
    assert read() == FIGURES


@pytest.mark.parametrize("charset", ["ISO-8859-1", '"windows-1252"'])
def test_a_text_is_read_in_the_encoding_that_the_service_names(service, read, charset):
    answering(
        service,
        lambda _, answer: attrs.evolve(
            answer,
            body=answer.body.decode().encode("latin-1"),
            media_type=f"text/csv; charset={charset}",
        ),
    )
    assert read(notes=True) == {"TITLE: thé"}


EMPTY = FORMATS["csv 1.0"](TEA).partition(b"\n")[0] + b"\n"


ERRORS = b'{"errors": [{"code": 404, "title": "NoRecordsFound"}]}'


@pytest.mark.parametrize("body", [ERROR, ERRORS, EMPTY])
def test_an_answer_without_figures_is_none_whatever_its_status(service, read, body):
    answering(service, lambda *_: Answer(body))
    with pytest.raises(NoData, match="check `flow` and `key`, and whether figures exist"):
        read()


def test_a_text_with_status_200_is_no_cut_csv(service, read):
    answering(service, lambda *_: Answer(b"Sorry, not today", "text/plain"))
    with pytest.raises(ContentError, match="the first column is 'Sorry'; expected SDMX-CSV"):
        read()


@pytest.mark.parametrize("nothing", [ERROR, ERRORS])
def test_a_part_without_figures_is_left_out(service, read, nothing):
    def in_parts(request, answer):
        if "CN" in request.path:
            return answer
        return Answer(nothing) if "IN" in request.path else Answer(b"", status=413)

    answering(service, in_parts)
    assert read() == {"CN": "1.50"}
