"""statpipe's contract tests for both channels. All figures are invented."""

from __future__ import annotations

import json
from datetime import date

import pytest

from statpipe.api import ContentError, Dataset, Rejected, Secret, Unavailable
from statpipe.testing import NormalizerContract, SourceContract
from statpipe_bls.normalizer import BlsNormalizer
from statpipe_bls.source import BlsSource
from support.fake_bls import USED_UP

FIGURES = {
    ("AL", "U.03", "2022-12"): "2.41",
    ("AL", "U.03", "2022"): "2.52",
    ("AL", "U.03", "2023-01"): "2.93",
    ("CA", "U.03", "2022-12"): "3.74",
    ("CA", "U.03", "2022"): "4.25",
    ("CA", "U.03", "2023-01"): None,
}
NOTES = {("AL", "U.03", "2023-01"): "Preliminary.", ("CA", "U.03", "2023-01"): "Not available."}
MARKS = {("AL", "U.03", "2023-01"): ("P", "P"), ("CA", "U.03", "2023-01"): ("O", "-")}


def said(status, *messages):
    return json.dumps({"status": status, "message": messages, "Results": {}}).encode()


REFUSALS = {
    said("REQUEST_NOT_PROCESSED", USED_UP): Unavailable,
    said("REQUEST_FAILED_OVER_CAPACITY"): Unavailable,
    said("REQUEST_NOT_PROCESSED", "The key provided by the User is invalid."): Rejected,
    said("REQUEST_FAILED_INVALID_PARAMETERS"): Rejected,
    said(
        "REQUEST_SUCCEEDED", "Year range has been reduced to the system-allowed limit"
    ): ContentError,
}


def fetched(source):
    (dataset,) = source.datasets()
    payloads = list(source.fetch(dataset, source.probe(dataset)))
    source.close()
    return payloads


class BlsNormalizerContract(NormalizerContract):
    markers = frozenset(["-"])
    names_its_table = False
    names_its_units = False

    @pytest.fixture
    def normalizer(self):
        return BlsNormalizer()

    @pytest.fixture
    def dataset(self, payloads):
        return BlsNormalizer().describe(Dataset(name="LA", title="LA", normalizer="bls"), payloads)

    @pytest.fixture
    def figures(self):
        return FIGURES

    @pytest.fixture
    def marks(self):
        return MARKS

    @pytest.fixture
    def notes(self):
        return NOTES


class TestAnswersOfTheApi(BlsNormalizerContract):
    @pytest.fixture
    def payloads(self, bls, settings_of):
        bls.key = "12345678"
        source = BlsSource(settings_of(key=Secret(bls.key), start=2021, end=2023))
        return fetched(source)


class TestFlatFiles(BlsNormalizerContract):
    @pytest.fixture
    def payloads(self, settings_of):
        settings = settings_of(channel="bulk", contact="data@example.org")
        return fetched(BlsSource(settings))


class TestSourceByTheApi(SourceContract):
    probe_reads_everything = True  # BLS's API does not say when figures changed
    serves_everything = True

    @pytest.fixture
    def agency(self, bls):
        return bls.agency

    @pytest.fixture
    def make_source(self, bls, settings_of, canary):
        bls.key = canary
        return lambda: BlsSource(settings_of(key=Secret(canary), start=2015, end=2023))

    @pytest.fixture
    def refusals(self):
        return REFUSALS

    @pytest.fixture
    def normalizer(self):
        return BlsNormalizer()

    @pytest.fixture
    def revise(self, bls):
        return lambda: setattr(bls, "figures", _revised(bls.figures))

    @pytest.fixture
    def revise_quietly(self, bls):
        left = [key for key, value in bls.figures.items() if not value.startswith("-")]

        def revise():
            bls.figures = {**bls.figures, left.pop(): "9.9"}

        return revise


class TestSourceByFlatFiles(SourceContract):
    serves_everything = True

    @pytest.fixture
    def agency(self, bls):
        return bls.agency

    @pytest.fixture
    def make_source(self, settings_of):
        return lambda: BlsSource(settings_of(channel="bulk", contact="data@example.org"))

    @pytest.fixture
    def refusals(self):
        return {}  # the server of the files says so by its status

    @pytest.fixture
    def normalizer(self):
        return BlsNormalizer()

    @pytest.fixture
    def released(self):
        return date(2024, 1, 19)

    @pytest.fixture
    def revise(self, bls):
        def revise():
            bls.figures = _revised(bls.figures)
            bls.modified = "Fri, 15 Mar 2024 14:00:00 GMT"

        return revise


def _revised(figures):
    first = next(iter(figures))
    return {**figures, first: "2.5"}
