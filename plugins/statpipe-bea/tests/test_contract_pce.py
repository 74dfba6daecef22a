"""BEA's source, normalizer and Gold models keep what every plugin promises."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from statpipe.api import Environment, Payload, Rejected, Secret, Unavailable
from statpipe.testing import Answer as LocalAnswer
from statpipe.testing import ModelContract, NormalizerContract, Request, SourceContract
from statpipe_bea import tables
from statpipe_bea.normalizer import RegionalNormalizer
from statpipe_bea.plugin import statpipe_models
from statpipe_bea.settings import BeaSettings
from statpipe_bea.source import BeaSource
from support import bea_faults
from support.fake_bea import Answer

from .answers import NOTE, answer, body_of, row

LOCAL = Environment(name="local", home=Path("/nowhere"), embedded=True)


_STAMP = re.compile(rb'(?<="UTCProductionTime":)"[^"]*"')


def refusal(code, text):
    node = {"APIErrorCode": code, "APIErrorDescription": text}
    return json.dumps({"BEAAPI": {"Results": {"Error": node}}}).encode()


REFUSALS = {
    refusal("7", "Throttled"): Unavailable,
    refusal("101", "Unknown error"): Unavailable,
    refusal("3", "Invalid UserID"): Rejected,
    refusal("40", "Missing parameter"): Rejected,
    refusal("201", "No data"): Rejected,
}


class Bea:
    """The fake BEA, as the kit disturbs an agency."""

    def __init__(self, fake):
        self._fake = fake
        self.requests, self.served, self.fault = [], [], None
        fake.always = self._through

    def _through(self, healthy):
        # BEA writes the time into every answer, so that no two are the same.
        healthy = replace(healthy, body=_STAMP.sub(b'"2026-01-01T00:00:00.000"', healthy.body))
        request = Request("GET", "/api/data", self._fake.requests[-1], {})
        self.requests.append(request)
        sent = LocalAnswer(healthy.body, headers=healthy.headers)
        if self.fault is not None:
            sent = self.fault(request, sent)
        if sent is None:
            return bea_faults.reset(after=0)(healthy)
        self.served.append(sent.body)
        headers = {"Content-Type": sent.media_type, **sent.headers}
        if sent.cut is not None:
            return Answer(sent.body, sent.status, headers, cut=sent.cut)
        return Answer(sent.body, sent.status, headers)


class TestPceSource(SourceContract):
    serves_everything = True

    @pytest.fixture
    def canary(self, fake):
        return fake.key

    @pytest.fixture
    def agency(self, fake):
        return Bea(fake)

    @pytest.fixture
    def make_source(self, agency, fake, monkeypatch):
        from statpipe_bea.api import client

        monkeypatch.setattr(client, "limits", lambda *_: [])  # nothing leaves this machine
        settings = BeaSettings(
            channel="api",
            tables=("SAPCE1",),
            lines=(1, 2),
            areas=("US", "CA"),
            years=(2019, 2021),
            key=Secret(fake.key),
            api_url=fake.url,
            environment=LOCAL,
        )
        return lambda: BeaSource(settings)

    @pytest.fixture
    def keyless(self, fake):
        return BeaSource(BeaSettings(channel="api", api_url=fake.url, environment=LOCAL))

    @pytest.fixture
    def refusals(self):
        return REFUSALS

    @pytest.fixture
    def normalizer(self):
        return RegionalNormalizer()

    @pytest.fixture
    def released(self):
        return date(2022, 10, 6)

    @pytest.fixture
    def revise(self, fake):
        return lambda: fake.change("SAPCE1", "1", "06000", "2021", "1.0")


class TestAnswersOfTheApi(NormalizerContract):
    # A footnote that does not exist is none; BEA prints it for few figures.
    optional_fields = frozenset({"NoteRef", "Notes", "NoteText"})

    @pytest.fixture
    def normalizer(self):
        return RegionalNormalizer()

    @pytest.fixture
    def dataset(self):
        return tables.dataset("SAPCE1")

    @pytest.fixture
    def payloads(self):
        goods = [
            row(DataValue="1,852.5"),
            row(TimePeriod="2021", DataValue="0", NoteRef="(L)"),
            row(GeoFips="01000", GeoName="Alabama", DataValue="17.25"),
        ]
        return [Payload(name="SAPCE1-line-2", body=body_of(answer(goods)))]

    @pytest.fixture
    def figures(self):
        return {
            ("CA", "SAPCE1:2", "2020"): "1,852.5",
            ("CA", "SAPCE1:2", "2021"): None,
            ("AL", "SAPCE1:2", "2020"): "17.25",
        }

    @pytest.fixture
    def marks(self):
        return {("CA", "SAPCE1:2", "2021"): ("N", "(L)")}

    @pytest.fixture
    def notes(self):
        return {("CA", "SAPCE1:2", "2021"): "Less than $50,000."}


class TestFilesOfTheZip(NormalizerContract):
    @pytest.fixture
    def normalizer(self):
        return RegionalNormalizer()

    @pytest.fixture
    def dataset(self):
        return tables.dataset("SAPCE1")

    @pytest.fixture
    def payloads(self):
        title = "SAPCE1: Personal consumption expenditures (PCE) by major type of product 1/"
        text = (
            "GeoFIPS,GeoName,Region,TableName,LineCode,IndustryClassification,Description,Unit,2020,2021\r\n"
            ' "06000","California",8,SAPCE1,2,"..."," Goods ","Millions of current dollars",1.5,2.25\r\n'
            ' "06000","California",8,SAPCE1,13,"..."," Services ","Millions of current dollars",3.5,(L)\r\n'
            '"Note: See the included footnote file."\r\n'
            f'"{title}"\r\n"{NOTE}"\r\n"U.S. Bureau of Economic Analysis"\r\n'
        )
        name = "SAPCE1__ALL_AREAS_2020_2021.csv"
        return [Payload(name=name, body=text.encode(), media_type="text/csv")]

    @pytest.fixture
    def figures(self):
        return {
            ("CA", "SAPCE1:2", "2020"): "1.5",
            ("CA", "SAPCE1:2", "2021"): "2.25",
            ("CA", "SAPCE1:13", "2020"): "3.5",
            ("CA", "SAPCE1:13", "2021"): None,
        }

    @pytest.fixture
    def marks(self):
        return {("CA", "SAPCE1:13", "2021"): ("N", "(L)")}

    @pytest.fixture
    def notes(self):
        return {("CA", "SAPCE1:13", "2021"): "Less than $50,000."}


class TestPceModels(ModelContract):
    # Real spending needs prices: the tests of these models bring them.
    may_be_empty = frozenset(
        {"pce_state_real_history", "pce_state_real", "pce_state_real_check", "rpp_state"}
    )

    @pytest.fixture
    def models(self):
        return list(statpipe_models())
