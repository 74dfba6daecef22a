"""The contract of sources, at offices that are otherwise: a release in between, no key, refusals with status 200."""

import contextlib
import json

import pytest

from contract.caught import assert_caught, failures
from contract.rain import ANSWERS, STATIONS, RainSource, Settings
from statpipe.api import ConfigError, ContentError, NoData, Rejected, Secret, Unavailable
from statpipe.testing import CANARY, LocalAgency, SourceContract


class LooksAgain(RainSource):
    def fetch(self, dataset, vintage):
        yield from super().fetch(dataset, vintage)
        if self.probe(dataset).token != vintage.token:
            raise Unavailable("published anew while it was fetched; run again")


@pytest.mark.parametrize(("kind", "caught"), [(RainSource, True), (LooksAgain, False)])
def test_a_source_that_mixes_releases_of_probe_and_fetch_is_caught(kind, caught):
    promise = "test_figures_of_the_next_release_are_not_mixed_in"
    with LocalAgency() as agency:
        agency.answer("/released", b'{"date": "2024-03-01"}')
        for station, document in ANSWERS.items():
            agency.answer(f"/rain/{station}", json.dumps(document))

        def revise():
            agency.answer("/released", b'{"date": "2024-04-01"}')
            agency.answer("/rain/N", json.dumps(ANSWERS["N"] | {"records": []}))

        said = failures(
            SourceContract,
            promise,
            make_source=lambda: kind(Settings(agency.url, Secret(CANARY))),
            revise=revise,
        )
    if caught:
        assert_caught(said, promise, "fetch() brings that under the date 2024-03-01")
    else:
        assert said == {}


class WantsAKey(RainSource):
    def get(self, path):
        if self._settings.key is None:
            raise ConfigError("the office wants a key; set RAIN_KEY")
        return super().get(path)


class WantsItLater(WantsAKey):
    def get(self, path):
        if self._settings.key is None:
            self.opener.open(self._settings.url + path, timeout=60).close()
        return super().get(path)


class SaysUnavailable(RainSource):
    def get(self, path):
        raise Unavailable("no key; run again later")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (WantsAKey, ""),
        (WantsItLater, "the source uses the network"),
        (SaysUnavailable, "the source says Unavailable"),
        (RainSource, "the source uses the network"),
    ],
)
def test_a_source_that_does_not_report_a_missing_key_is_caught(kind, words):
    promise = "test_a_missing_key_is_reported_with_its_variable"
    with LocalAgency() as agency:
        agency.answer("/released", b'{"date": "2024-03-01"}')
        said = failures(SourceContract, promise, keyless=kind(Settings(agency.url)))
    if words:
        assert_caught(said, promise, words)
    else:
        assert said == {}


BUSY, EMPTY = b'{"error": "busy"}', b'{"error": "no rain"}'


REFUSALS = {BUSY: Unavailable, EMPTY: NoData}


class ReadsRefusals(RainSource):
    """Looks into each answer."""

    unread: tuple[str, ...] = ()

    def get(self, path):
        body = super().get(path)
        if path in self.unread:
            return body
        if b'"busy"' in body:
            raise Unavailable(f"{path} is busy; run again later")
        if b'"no rain"' in body:
            raise NoData(f"{path} has nothing; correct the stations")
        return body


class LeavesOutWhatIsEmpty(ReadsRefusals):
    def fetch(self, dataset, vintage):
        found = []
        for station in STATIONS:
            with contextlib.suppress(NoData):
                found.append(self.payload(station, self.get(f"/rain/{station}")))
        if not found:
            raise NoData("no station has rain; correct the stations")
        yield from found


class AsksAgainOnce(ReadsRefusals):
    def get(self, path):
        try:
            return super().get(path)
        except Unavailable:
            return super().get(path)


class ReadsTheFirstOnly(ReadsRefusals):
    """Knows a refusal in the probe and at the first station, and takes a later one for figures."""

    unread = ("/rain/S",)


class LooksAtTheEnd(ReadsRefusals):
    """Reads the date once more behind the figures, and not what the figures say."""

    unread = ("/rain/N", "/rain/S")

    def fetch(self, dataset, vintage):
        found = list(super().fetch(dataset, vintage))
        self.get("/released")
        yield from found


class StopsWhereItIsRefused(ReadsRefusals):
    def fetch(self, dataset, vintage):
        yield self.payload("N", self.get("/rain/N"))
        try:
            yield self.payload("S", self.get("/rain/S"))
        except (Unavailable, NoData):
            return


class RefusesEverything(ReadsRefusals):
    def get(self, path):
        try:
            return super().get(path)
        except Unavailable as error:
            raise Rejected(str(error)) from None


class KnowsNoRefusal(RainSource):
    def get(self, path):
        body = super().get(path)
        if b"error" in body:
            raise ContentError(f"{path} is not as expected; look at it by hand")
        return body


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ReadsRefusals, ""),
        (LeavesOutWhatIsEmpty, ""),
        (AsksAgainOnce, ""),
        (RainSource, "in fetch(), and the source treats it as data"),
        (ReadsTheFirstOnly, "within fetch(), and the source treats it as data"),
        (LooksAtTheEnd, "once, at request 1 of 3 of fetch(rain), and the source treats it as data"),
        (StopsWhereItIsRefused, "within fetch(), and the source continues silently"),
        (RefusesEverything, "and the source raises Rejected"),
        (KnowsNoRefusal, 'answers {"error": "busy"}, and the source never says Unavailable'),
    ],
)
def test_a_source_that_takes_a_refusal_for_data_is_caught(kind, words):
    promise = "test_a_refusal_with_status_200_is_not_data"
    with LocalAgency() as agency:
        agency.answer("/released", b'{"date": "2024-03-01"}')
        for station, document in ANSWERS.items():
            agency.answer(f"/rain/{station}", json.dumps(document))
        said = failures(
            SourceContract,
            promise,
            make_source=lambda: kind(Settings(agency.url, Secret(CANARY))),
            agency=agency,
            refusals=REFUSALS,
            canary=CANARY,
        )
    if words:
        assert_caught(said, promise, words)
    else:
        assert said == {}
