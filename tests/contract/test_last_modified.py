"""An agency of CSV files whose release date is the header Last-Modified, asked for by HEAD."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from contract.caught import assert_caught, failures
from contract.rain import RAIN
from statpipe.api import ContentError, Payload, Rejected, Source, Unavailable, Vintage, undated
from statpipe.testing import CANARY, LocalAgency, SourceContract

CSV = b"station;what;2024-01\r\nN;rain;1,5\r\n"
TRUST = httpx.create_ssl_context()
"""Made once, since it reads all certificates, and each test of the contract makes sources by the dozen."""
RELEASED = {"Last-Modified": "Fri, 01 Mar 2024 23:30:00 GMT"}


class FileSource(Source):
    def __init__(self, url, key):
        self._client = httpx.Client(base_url=url, timeout=60, verify=TRUST)
        self._key = key

    def datasets(self):
        return [RAIN]

    def probe(self, dataset):
        return self.vintage(self.ask("HEAD").headers.get("Last-Modified", ""))

    def vintage(self, text):
        try:
            released = parsedate_to_datetime(text).date()
        except ValueError:
            raise ContentError("rain.csv has no Last-Modified; look at it by hand") from None
        return Vintage(released=released, token=text)

    def fetch(self, dataset, vintage):
        answer = self.ask("GET")
        yield Payload(
            name="rain.csv",
            body=self.without_key(answer.content),
            media_type="text/csv",
            request={"file": "rain.csv"},
            retrieved=datetime.now(UTC),
        )

    def without_key(self, body):
        return body.replace(self._key.encode(), b"REDACTED")

    def ask(self, method):
        try:
            answer = self._client.request(method, "/rain.csv", params={"apikey": self._key})
        except httpx.HTTPError:
            raise Unavailable("rain.csv cannot be reached; run again later") from None
        if answer.status_code in {429, 500, 502, 503, 504}:
            raise Unavailable(f"rain.csv: {answer.status_code}; run again later")
        if answer.status_code != 200:
            raise Rejected(f"rain.csv: {answer.status_code}; correct the key")
        return answer

    def close(self):
        self._client.close()


class TestFileSource(SourceContract):
    @pytest.fixture
    def agency(self):
        with LocalAgency() as agency:
            agency.answer("/rain.csv", CSV, media_type="text/csv", headers=RELEASED)
            yield agency

    @pytest.fixture
    def make_source(self, agency, canary):
        return lambda: FileSource(agency.url, canary)

    @pytest.fixture
    def released(self):
        return date(2024, 3, 1)


class UndatedSource(FileSource):
    """The same file from a server that dates nothing: its ETag tells whether anything changed."""

    def probe(self, dataset):
        etag = self.ask("HEAD").headers.get("ETag", "")
        if not etag:
            raise ContentError("rain.csv has no ETag; look at it by hand")
        return undated(etag)


class TestUndatedSource(SourceContract):
    @pytest.fixture
    def agency(self):
        with LocalAgency() as agency:
            agency.answer("/rain.csv", CSV, media_type="text/csv", headers={"ETag": '"1a2b"'})
            yield agency

    @pytest.fixture
    def make_source(self, agency, canary):
        return lambda: UndatedSource(agency.url, canary)


class TakesAnotherDay(FileSource):
    def vintage(self, text):
        with contextlib.suppress(ContentError):
            return super().vintage(text)
        return Vintage(released=date(1999, 1, 1), token="t")


class KeepsTheKey(FileSource):
    def without_key(self, body):
        return body


CAUGHT = {
    TakesAnotherDay: ("test_a_nonsense_answer_to_the_probe_is_refused", "released on 1999-01-01"),
    KeepsTheKey: ("test_a_key_repeated_by_the_agency_is_removed", "payload rain.csv keeps it"),
}


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_source_that_breaks_a_promise_is_caught(mutant):
    with LocalAgency() as agency:
        agency.answer("/rain.csv", CSV, media_type="text/csv", headers=RELEASED)
        said = failures(
            SourceContract,
            CAUGHT[mutant][0],
            make_source=lambda: mutant(agency.url, CANARY),
            agency=agency,
            canary=CANARY,
        )
    assert_caught(said, *CAUGHT[mutant])
