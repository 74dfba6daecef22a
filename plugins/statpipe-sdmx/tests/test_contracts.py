"""statpipe's contract tests for a flow in each format."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import attrs
import pytest

from statpipe.api import ContentError, Dataset, Environment, Payload
from statpipe.testing import NormalizerContract, SourceContract
from statpipe_sdmx import asking
from statpipe_sdmx.normalizer import SdmxNormalizer
from statpipe_sdmx.service import known, service_named
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.source import SdmxSource
from support.fake_sdmx import serving
from support.sdmx_messages import FORMATS, TIME, VALUE, Cube, Listed, structure_message

FREQ = Listed(id="FREQ", name="Frequency", codes={"A": "Annual"})
AREA = Listed(id="REF_AREA", name="Area", codes={"CN": "China", "IN": "India"})
TEA = Listed(id="TEA", name="Kind of tea", codes={"G": "Green", "B": "Black"})
UNIT = Listed(id="UNIT_MEASURE", name="Unit", codes={"T": "Tonnes"})
STATUS = Listed(id="OBS_STATUS", name="Status", series=False)
FLOW = "DF_TRADE"
FIGURES = {
    ("CN", "G", "2023"): "1204.5",
    ("CN", "B", "2023"): "87.0",
    ("CN", "G", "2024"): "1330.7",
    ("CN", "B", "2024"): "-0.5",
    ("IN", "G", "2023"): "310.2",
    ("IN", "B", "2023"): "NaN",
    ("IN", "G", "2024"): "295.4",
    ("IN", "B", "2024"): "12.0",
}

NO_RESULTS = (
    b'<mes:Error xmlns:mes="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message" '
    b'xmlns:com="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common">'
    b'<mes:ErrorMessage code="500"><com:Text>Out of order</com:Text></mes:ErrorMessage></mes:Error>'
)


def cube(figures):
    rows = [
        {"FREQ": "A", "REF_AREA": area, "TEA": tea, TIME: period, VALUE: value, "UNIT_MEASURE": "T"}
        | {"OBS_STATUS": "M" if value == "NaN" else "A"}
        for (area, tea, period), value in figures.items()
    ]
    return Cube(dimensions=(FREQ, AREA, TEA), attributes=(UNIT, STATUS), rows=tuple(rows))


def structure():
    return Payload(
        name="structure",
        body=structure_message(cube(FIGURES)),
        media_type="application/xml",
        request={"flow": FLOW},
        structure=True,
    )


class TestSdmxNormalizer(NormalizerContract):
    markers = frozenset(["NaN", "nan", "", ":", ".."])
    optional_fields = frozenset(["OBS_VALUE"])  # in XML, a figure that is not there leaves no trace

    @pytest.fixture(params=["csv 1.0", "csv 2.0", "ml 2.1, series", "ml 2.1, generic"])
    def form(self, request):
        return request.param

    @pytest.fixture
    def normalizer(self):
        return SdmxNormalizer()

    @pytest.fixture
    def dataset(self):
        bare = Dataset(name=FLOW, title=FLOW, normalizer="sdmx")
        return SdmxNormalizer().describe(bare, [structure()])

    @pytest.fixture
    def payloads(self, form):
        return [structure(), Payload(name="data", body=FORMATS[form](cube(FIGURES)))]

    @pytest.fixture
    def figures(self):
        return {key: None if text == "NaN" else text for key, text in FIGURES.items()}

    @pytest.fixture
    def marks(self):
        return {("IN", "B", "2023"): ("M", "NaN")}


class TestSdmxSource(SourceContract):
    serves_everything = True
    probe_reads_everything = True  # this service does not say when its data were updated
    keeps_files = True  # it remembers what a service said last

    @pytest.fixture
    def house(self):
        return ""

    @pytest.fixture
    def service(self):
        with serving(modified="Tue, 20 Feb 2024 10:00:00 GMT") as fake:
            fake.flows[FLOW] = cube(FIGURES)
            yield fake

    @pytest.fixture
    def agency(self, service):
        return service.agency

    @pytest.fixture
    def make_source(self, service, house, tmp_path):
        home = Environment(name="local", home=Path(tmp_path))
        settings = SdmxSettings(service=house, url=service.url, flow=FLOW, environment=home)
        return lambda: SdmxSource(settings)

    @pytest.fixture
    def refusals(self):
        return {NO_RESULTS: ContentError}

    @pytest.fixture
    def normalizer(self):
        return SdmxNormalizer()

    @pytest.fixture
    def released(self):
        return date(2024, 2, 20)

    @pytest.fixture
    def revise(self, service):
        def revise():
            service.modified = "Fri, 24 May 2024 10:00:00 GMT"
            service.changed = "9999"
            service.flows[FLOW] = cube(FIGURES | {("CN", "G", "2024"): "1331.0"})

        return revise


@pytest.mark.slow
class TestEveryHouse(TestSdmxSource):
    """The same for each house of the table: a new one is tested by itself."""

    @pytest.fixture(params=sorted(known()))
    def house(self, request):
        return request.param

    @pytest.fixture(autouse=True)
    def many_requests(self, monkeypatch):
        """One test asks more often than some houses allow in an hour; limits have tests of their own."""

        def named(name, where):
            found = service_named(name, where)
            more = tuple((most * 100, span) for most, span in found.requests)
            return attrs.evolve(found, requests=more)

        monkeypatch.setattr(asking, "service_named", named)
