"""The contract of sources is worth something: each of these broken ones is caught."""

import hashlib
import itertools
import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, date, datetime

import attrs
import pytest

from contract.caught import assert_caught
from contract.rain import RAIN, STATIONS, RainSource
from statpipe.api import Payload, Vintage, undated
from statpipe.testing import CANARY


class ProbeDownloadsEverything(RainSource):
    def probe(self, dataset):
        vintage = super().probe(dataset)
        token = hashlib.sha256(b"".join(self.get(f"/rain/{s}") for s in STATIONS)).hexdigest()
        return attrs.evolve(vintage, token=token)


class VintageOfToday(RainSource):
    def probe(self, dataset):
        return attrs.evolve(super().probe(dataset), released=date.today())


class VintageOfTodayAtNight(RainSource):
    def probe(self, dataset):
        return attrs.evolve(super().probe(dataset), released=datetime.now(UTC).date())


class TokenOfNow(RainSource):
    def probe(self, dataset):
        return attrs.evolve(super().probe(dataset), token=datetime.now(UTC).isoformat())


class VintageOfTheResponse(RainSource):
    def probe(self, dataset):
        with urllib.request.urlopen(self._settings.url + "/released", timeout=60) as response:
            sent = datetime.strptime(response.headers["Date"], "%a, %d %b %Y %H:%M:%S %Z")
        return Vintage(released=sent.date(), token="t")


class TokenOfNothing(RainSource):
    def probe(self, dataset):
        return attrs.evolve(super().probe(dataset), token="", note="")


class SortsPayloads(RainSource):
    def payload(self, station, body):
        return super().payload(station, json.dumps(json.loads(body), indent=1).encode())


class BringsEverythingAtOnce(RainSource):
    def fetch(self, dataset, vintage):
        return list(super().fetch(dataset, vintage))


class DayOfThisMachine(RainSource):
    def probe(self, dataset):
        noon = datetime(2024, 3, 1, 12, tzinfo=UTC).timestamp()
        return attrs.evolve(super().probe(dataset), released=date.fromtimestamp(noon))


class AsksForOneStation(RainSource):
    def fetch(self, dataset, vintage):
        yield from itertools.islice(super().fetch(dataset, vintage), 1)


class OneName(RainSource):
    def payload(self, station, body):
        return attrs.evolve(super().payload(station, body), name="rain")


_numbers = itertools.count()


class NumbersPayloads(RainSource):
    def payload(self, station, body):
        return attrs.evolve(super().payload(station, body), name=f"rain-{next(_numbers)}")


class StampsRequests(RainSource):
    def payload(self, station, body):
        return attrs.evolve(
            super().payload(station, body), request={"at": datetime.now(UTC).isoformat()}
        )


class BringsNothing(RainSource):
    def fetch(self, dataset, vintage):
        yield from ()


class PromisesMore(RainSource):
    def requests(self, dataset, vintage):
        return 3


class AsksForDatasets(RainSource):
    def datasets(self):
        self.get("/released")
        return [RAIN]


class NoTimeZone(RainSource):
    def payload(self, station, body):
        return Payload(name=station, body=body, retrieved=datetime.now())


class FirstOfTheMonth(RainSource):
    def probe(self, dataset):
        found = super().probe(dataset)
        return attrs.evolve(found, released=found.released.replace(day=2))


class OffersAnother(RainSource):
    def vintages(self, dataset):
        return [attrs.evolve(self.probe(dataset), released=date(2020, 1, 1))]


class TokenForEver(RainSource):
    def probe(self, dataset):
        return attrs.evolve(super().probe(dataset), token="rain")


class StripsBodies(RainSource):
    def get(self, path):
        return super().get(path).strip()


class SendsText(RainSource):
    def get(self, path):
        return super().get(path).decode(errors="replace").encode()


class TellsNoRequest(RainSource):
    def payload(self, station, body):
        return attrs.evolve(super().payload(station, body), request={})


class FirstOfTheQuarter(RainSource):
    """The agency says in which quarter, and the source makes up a day."""

    def probe(self, dataset):
        return attrs.evolve(super().probe(dataset), released=date(2024, 1, 1))


class HashesOneStation(RainSource):
    def probe(self, dataset):
        return undated(hashlib.sha256(self.get("/rain/N")).hexdigest())


CAUGHT = {
    DayOfThisMachine: (
        "test_the_same_release_is_the_same_vintage_on_any_day",
        "gives another date: 2024-03-01",
    ),
    AsksForOneStation: ("test_fetched_payloads_can_be_read", "holds nothing of the area S"),
    ProbeDownloadsEverything: ("test_the_probe_does_not_download_everything", "all 2 payloads"),
    VintageOfToday: ("test_the_same_release_is_the_same_vintage_on_any_day", "the clock is set to"),
    VintageOfTodayAtNight: ("test_the_same_release_is_the_same_vintage_on_any_day", "the clock"),
    TokenOfNow: ("test_the_same_release_is_the_same_vintage_on_any_day", "another token"),
    VintageOfTheResponse: ("test_the_same_release_is_the_same_vintage_on_any_day", "another date"),
    TokenOfNothing: ("test_the_probe_notices_changed_figures", "says what it said before"),
    SortsPayloads: ("test_payloads_are_what_the_agency_sent", "that the agency did not send"),
    BringsEverythingAtOnce: ("test_fetched_payloads_can_be_read", "fetch returned list"),
    OneName: ("test_payloads_have_a_fixed_order_and_unique_names", "several payloads"),
    NumbersPayloads: ("test_payloads_have_a_fixed_order_and_unique_names", "a second"),
    StampsRequests: ("test_payloads_have_a_fixed_order_and_unique_names", "a second"),
    BringsNothing: ("test_payloads_have_a_fixed_order_and_unique_names", "no payload"),
    PromisesMore: ("test_payloads_have_a_fixed_order_and_unique_names", "promises 3"),
    AsksForDatasets: ("test_datasets_are_listed_without_a_request", "uses the network"),
    FirstOfTheMonth: (
        "test_the_release_has_the_date_from_the_agency",
        "the agency released rain on 2024-03-01, and the probe says 2024-03-02",
    ),
    OffersAnother: (
        "test_the_release_has_the_date_from_the_agency",
        "vintages(rain) gives 2020-01-01, and the probe says 2024-03-01",
    ),
    TokenForEver: ("test_the_probe_notices_changed_figures", "the token is still 'rain'"),
    StripsBodies: ("test_no_byte_is_changed", "and payload rain-N does not"),
    SendsText: ("test_no_byte_is_changed", "not `response.text`"),
    TellsNoRequest: (
        "test_payloads_have_a_fixed_order_and_unique_names",
        "`request` of rain-N is empty",
    ),
    FirstOfTheQuarter: (
        "test_the_date_occurs_in_the_agencys_answers",
        "was released on 2024-01-01, and no answer and no header of the agency has that day",
    ),
    HashesOneStation: (
        "test_an_undated_change_changes_the_token",
        "the agency changed a figure, it gives no date, and the token has not changed",
    ),
    NoTimeZone: ("test_payloads_have_a_fixed_order_and_unique_names", "no time zone"),
}


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_source_that_breaks_a_promise_is_caught(said_of, mutant):
    said = said_of(mutant, CAUGHT[mutant][0])
    assert_caught(said, *CAUGHT[mutant])
    assert not any(CANARY in text for text in said.values())


def test_an_honest_source_passes(said_of):
    assert said_of(RainSource) == {}
