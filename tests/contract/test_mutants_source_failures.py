"""The contract of sources is worth something: each of these, that fails in the wrong way, is caught."""

import contextlib
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import date

import attrs
import pytest

from contract.caught import assert_caught
from contract.rain import RAIN, STATIONS, RainSource
from statpipe.api import Rejected, Unavailable, Vintage
from statpipe.testing import CANARY


class WaitsForEver(RainSource):
    def get(self, path):
        with contextlib.suppress(urllib.error.HTTPError):
            self.opener.open(self._settings.url + path).close()
        return super().get(path)


class LetsTheTimeOutPass(RainSource):
    def get(self, path):
        try:
            with self.opener.open(self._settings.url + path, timeout=60):
                pass
        except urllib.error.URLError:
            pass
        return super().get(path)


class RaisesWhatItGets(RainSource):
    def get(self, path):
        with urllib.request.urlopen(self._settings.url + path, timeout=60) as response:
            return response.read()


class NeverMind(RainSource):
    def get(self, path):
        try:
            return super().get(path)
        except (Unavailable, Rejected):
            return b"{}"


class BringsWhatItGets(RainSource):
    """Gives up quietly in the middle."""

    def fetch(self, dataset, vintage):
        try:
            yield from super().fetch(dataset, vintage)
        except (Unavailable, Rejected):
            return


class BringsWhatItGotSoFar(RainSource):
    def fetch(self, dataset, vintage):
        yield self.payload("N", self.get("/rain/N"))
        try:
            yield self.payload("S", self.get("/rain/S"))
        except (Unavailable, Rejected):
            return


class IgnoresTheStatus(RainSource):
    def refuse(self, path, error):
        pass

    def get(self, path):
        connection = http.client.HTTPConnection(self._settings.url.removeprefix("http://"))
        try:
            connection.request("GET", path, headers={"X-Key": self._settings.key.reveal()})
            body = connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            raise Unavailable("run again later") from None
        return body.replace(self._settings.key.reveal().encode(), b"REDACTED")


class KeepsHalfABody(RainSource):
    def get(self, path):
        try:
            with urllib.request.urlopen(self._settings.url + path, timeout=60) as response:
                if response.status != 200:
                    raise Rejected("correct the address")
                return response.read(100_000)
        except urllib.error.HTTPError as error:
            self.refuse(path, error)
        except OSError:
            raise Unavailable("run again later") from None


class RefusesWhenBusy(RainSource):
    def refuse(self, path, error):
        raise Rejected(f"{path} answers {error.code}") from None


class BelievesAnything(RainSource):
    def probe(self, dataset):
        try:
            return super().probe(dataset)
        except Exception:
            return Vintage(released=date(1900, 1, 1))


class StumblesOverNonsense(RainSource):
    def probe(self, dataset):
        document = json.loads(self.get("/released"))
        return Vintage(released=date.fromisoformat(document["date"]), token=str(document))


class AsksForEver(RainSource):
    def get(self, path):
        while True:
            with contextlib.suppress(Unavailable):
                return super().get(path)


class TakesNoContent(RainSource):
    ok = (200, 204)


class LeavesOutWhatFailsOnce(RainSource):
    """Says so only where nothing came at all."""

    def fetch(self, dataset, vintage):
        missed = 0
        for station in STATIONS:
            try:
                yield self.payload(station, self.get(f"/rain/{station}"))
            except Unavailable:
                missed += 1
        if missed == len(STATIONS):
            raise Unavailable("no station answers; run again later")


class StopsAtTheThirdPage(RainSource):
    def fetch(self, dataset, vintage):
        self.get("/released")
        yield self.payload("N", self.get("/rain/N"))
        try:
            yield self.payload("S", self.get("/rain/S"))
        except (Unavailable, Rejected):
            return


class IsCarelessWithTheSecond(RainSource):
    def datasets(self):
        return [RAIN, attrs.evolve(RAIN, name="snow")]

    def payload(self, station, body):
        return attrs.evolve(super().payload(station, body), name=f"rain-{station}-{len(body)}")

    def fetch(self, dataset, vintage):
        try:
            yield from super().fetch(dataset, vintage)
        except (Unavailable, Rejected):
            if dataset.name == "rain":
                raise


class WaitsForAnotherKey(RainSource):
    def refuse(self, path, error):
        raise Unavailable(f"{path} answers {error.code}; run again later") from None


CAUGHT = {
    WaitsForEver: (
        "test_the_source_does_not_wait_without_end",
        "waits for an answer without an end",
    ),
    LetsTheTimeOutPass: (
        "test_the_source_does_not_wait_without_end",
        "accepts the request and never answers, and the source raises TimeoutError",
    ),
    RaisesWhatItGets: ("test_each_failure_says_what_to_do_next", "the source raises"),
    NeverMind: ("test_each_failure_says_what_to_do_next", "raises ContentError"),
    BringsWhatItGets: (
        "test_each_failure_says_what_to_do_next",
        "in fetch(), and the source continues silently",
    ),
    BringsWhatItGotSoFar: (
        "test_each_failure_says_what_to_do_next",
        "within fetch(), and the source",
    ),
    IgnoresTheStatus: ("test_each_failure_says_what_to_do_next", "answers 503 in the probe"),
    KeepsHalfABody: ("test_each_failure_says_what_to_do_next", "cut off"),
    RefusesWhenBusy: ("test_each_failure_says_what_to_do_next", "raise Unavailable"),
    BelievesAnything: ("test_a_nonsense_answer_to_the_probe_is_refused", "released on 1900-01-01"),
    StumblesOverNonsense: ("test_a_nonsense_answer_to_the_probe_is_refused", "JSONDecodeError"),
    AsksForEver: (
        "test_each_failure_says_what_to_do_next",
        "while the agency fails, the source asks 200 times and more",
    ),
    TakesNoContent: ("test_each_failure_says_what_to_do_next", "answers 204 in fetch()"),
    WaitsForAnotherKey: ("test_each_failure_says_what_to_do_next", "raise Rejected or ConfigError"),
    LeavesOutWhatFailsOnce: (
        "test_a_single_failed_answer_loses_nothing",
        "once, at request 1 of the 2 that fetch(rain) makes, and it brings 1 payloads instead of 2",
    ),
    StopsAtTheThirdPage: (
        "test_each_failure_says_what_to_do_next",
        "at request 3 of fetch(), and the source continues silently",
    ),
    IsCarelessWithTheSecond: (
        "test_each_failure_says_what_to_do_next",
        "in fetch() of snow, and the source continues silently",
    ),
}


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_source_that_breaks_a_promise_is_caught(said_of, mutant):
    said = said_of(mutant, CAUGHT[mutant][0])
    assert_caught(said, *CAUGHT[mutant])
    assert not any(CANARY in text for text in said.values())


class NeverGivesUp(RainSource):
    """Whatever is raised, it sleeps and asks again."""

    def get(self, path):
        while True:
            try:
                return super().get(path)
            except Exception:
                time.sleep(60)


def test_a_source_that_never_stops_asking_is_ended_in_every_test(said_of):
    said = said_of(NeverGivesUp)
    ended = {promise for promise, text in said.items() if "asks 200 times and more" in text}
    assert ended >= {
        "test_an_agency_that_is_down_is_unavailable",
        "test_each_failure_says_what_to_do_next",
        "test_an_interrupted_fetch_can_be_repeated",
        "test_the_source_does_not_wait_without_end",
        "test_no_failure_shows_the_key",
        "test_the_key_is_only_sent_to_the_agency",
    }
