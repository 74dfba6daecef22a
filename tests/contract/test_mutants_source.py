"""The contract of sources is worth something: each of these broken ones is caught."""

import contextlib
import hashlib
import http.client
import itertools
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, date, datetime

import attrs
import pytest

from contract.caught import assert_caught, failures
from contract.rain import ANSWERS, RAIN, STATIONS, RainNormalizer, RainSource, Settings, log
from statpipe.api import (
    ConfigError,
    ContentError,
    NoData,
    Payload,
    Rejected,
    Secret,
    Unavailable,
    Vintage,
    undated,
)
from statpipe.testing import CANARY, LocalAgency, SourceContract


class KeyInUrl(RainSource):
    def payload(self, station, body):
        key = self._settings.key.reveal()
        return attrs.evolve(super().payload(station, body), request={"url": f"/rain?key={key}"})


class KeyInQuotedUrl(RainSource):
    def payload(self, station, body):
        key = urllib.parse.quote(self._settings.key.reveal())
        return attrs.evolve(super().payload(station, body), request={"url": f"/rain?key={key}"})


class KeyInName(RainSource):
    def payload(self, station, body):
        key = self._settings.key.reveal()
        return attrs.evolve(super().payload(station, body), name=f"rain-{station}-{key}")


class KeyInBytes(RainSource):
    def payload(self, station, body):
        stamped = body[:-1] + f', "by": "{self._settings.key.reveal()}"}}'.encode()
        return super().payload(station, stamped)


class KeyInRepr(RainSource):
    def __repr__(self):
        return f"RainSource({self._settings.url}, {self._settings.key.reveal()})"


class KeyInException(RainSource):
    def refuse(self, path, error):
        raise Unavailable(f"{path} refuses key {self._settings.key.reveal()}") from None


class KeyInCause(RainSource):
    def refuse(self, path, error):
        kind = Unavailable if error.code >= 429 else Rejected
        raise kind(f"{path}: run again later") from ValueError(self._settings.key.reveal())


class KeyInLog(RainSource):
    def get(self, path):
        log.info("GET %s?key=%s", path, self._settings.key.reveal())
        return super().get(path)


class KeyInPrint(RainSource):
    def get(self, path):
        print("using", self._settings.key.reveal())
        return super().get(path)


class KeepsTheEcho(RainSource):
    def get(self, path):
        request = urllib.request.Request(
            self._settings.url + path, headers={"X-Key": self._settings.key.reveal()}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()


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


class TakesTheKeyOutOnce(RainSource):
    def get(self, path):
        key = self._settings.key.reveal().encode()
        request = urllib.request.Request(self._settings.url + path, headers={"X-Key": key.decode()})
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read().replace(key, b"REDACTED", 1)


class TellsNoRequest(RainSource):
    def payload(self, station, body):
        return attrs.evolve(super().payload(station, body), request={})


class GoesAnywhere(RainSource):
    opener = urllib.request.build_opener()


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


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Looks at the host and not at the port."""

    def redirect_request(self, request, *answer):
        if urllib.parse.urlsplit(answer[-1]).hostname != "127.0.0.1":
            return None
        return super().redirect_request(request, *answer)


class GoesToAnotherPort(RainSource):
    opener = urllib.request.build_opener(_SameHost)


class _Permanently(urllib.request.HTTPRedirectHandler):
    """Knows that 301 to 303 are dangerous."""

    def redirect_request(self, request, *answer):
        if answer[1] < 307:
            return None
        return super().redirect_request(request, *answer)


class GoesOnPermanently(RainSource):
    opener = urllib.request.build_opener(_Permanently)


class _FirstOnly(urllib.request.HTTPRedirectHandler):
    """Looks at where the first answer sends us on, and not at the second."""

    def redirect_request(self, request, *answer):
        if not hasattr(request, "redirect_dict") and "127.0.0.1" not in answer[-1]:
            return None
        return super().redirect_request(request, *answer)


class GoesOnBehindTheFirst(RainSource):
    opener = urllib.request.build_opener(_FirstOnly)


class FirstOfTheQuarter(RainSource):
    """The agency says in which quarter, and the source makes up a day."""

    def probe(self, dataset):
        return attrs.evolve(super().probe(dataset), released=date(2024, 1, 1))


class HashesOneStation(RainSource):
    def probe(self, dataset):
        return undated(hashlib.sha256(self.get("/rain/N")).hexdigest())


class WaitsForAnotherKey(RainSource):
    def refuse(self, path, error):
        raise Unavailable(f"{path} answers {error.code}; run again later") from None


CAUGHT = {
    WaitsForEver: ("test_it_does_not_wait_for_ever", "waits for an answer without an end"),
    LetsTheTimeOutPass: (
        "test_it_does_not_wait_for_ever",
        "takes the question and says nothing, and the source raises TimeoutError",
    ),
    DayOfThisMachine: (
        "test_the_same_release_is_the_same_vintage_on_any_day",
        "gives another date: 2024-03-01",
    ),
    AsksForOneStation: ("test_what_is_fetched_can_be_read", "holds nothing of the area S"),
    KeyInUrl: ("test_the_key_is_shown_nowhere", "its `request` holds it"),
    KeyInQuotedUrl: ("test_the_key_is_shown_nowhere", "its `request` holds it"),
    KeyInName: ("test_the_key_is_shown_nowhere", "its name holds it"),
    KeyInBytes: ("test_the_key_is_shown_nowhere", "its body holds it"),
    KeyInRepr: ("test_the_key_is_shown_nowhere", "repr(source) shows the key"),
    KeyInException: ("test_no_failure_shows_the_key", "the exception shows the key"),
    KeyInCause: ("test_no_failure_shows_the_key", "the exception shows the key"),
    KeyInLog: ("test_the_key_is_shown_nowhere", "a log line of rain (level INFO)"),
    KeyInPrint: ("test_the_key_is_shown_nowhere", "what is printed shows the key"),
    KeepsTheEcho: ("test_a_key_that_the_agency_repeats_is_taken_out", "payload rain-N keeps it"),
    ProbeDownloadsEverything: ("test_the_probe_does_not_download_everything", "all 2 payloads"),
    VintageOfToday: ("test_the_same_release_is_the_same_vintage_on_any_day", "the clock is set to"),
    VintageOfTodayAtNight: ("test_the_same_release_is_the_same_vintage_on_any_day", "the clock"),
    TokenOfNow: ("test_the_same_release_is_the_same_vintage_on_any_day", "another token"),
    VintageOfTheResponse: ("test_the_same_release_is_the_same_vintage_on_any_day", "another date"),
    TokenOfNothing: ("test_the_probe_sees_other_figures", "says what it said before"),
    SortsPayloads: ("test_payloads_are_what_the_agency_sent", "that the agency did not send"),
    BringsEverythingAtOnce: ("test_what_is_fetched_can_be_read", "fetch returned list"),
    OneName: ("test_payloads_come_in_a_fixed_order_with_names_of_their_own", "several payloads"),
    NumbersPayloads: ("test_payloads_come_in_a_fixed_order_with_names_of_their_own", "a second"),
    StampsRequests: ("test_payloads_come_in_a_fixed_order_with_names_of_their_own", "a second"),
    BringsNothing: ("test_payloads_come_in_a_fixed_order_with_names_of_their_own", "no payload"),
    PromisesMore: ("test_payloads_come_in_a_fixed_order_with_names_of_their_own", "promises 3"),
    AsksForDatasets: ("test_datasets_are_named_without_asking_anybody", "asks the network"),
    RaisesWhatItGets: ("test_each_failure_says_what_to_do_next", "the source raises"),
    NeverMind: ("test_each_failure_says_what_to_do_next", "raises ContentError"),
    BringsWhatItGets: (
        "test_each_failure_says_what_to_do_next",
        "in fetch(), and the source goes on without",
    ),
    BringsWhatItGotSoFar: (
        "test_each_failure_says_what_to_do_next",
        "within fetch(), and the source",
    ),
    IgnoresTheStatus: ("test_each_failure_says_what_to_do_next", "answers 503 in the probe"),
    KeepsHalfABody: ("test_each_failure_says_what_to_do_next", "cut off"),
    RefusesWhenBusy: ("test_each_failure_says_what_to_do_next", "raise Unavailable"),
    BelievesAnything: ("test_a_probe_that_hears_nonsense_is_refused", "released on 1900-01-01"),
    StumblesOverNonsense: ("test_a_probe_that_hears_nonsense_is_refused", "JSONDecodeError"),
    FirstOfTheMonth: (
        "test_the_release_has_the_day_that_the_agency_names",
        "the agency released rain on 2024-03-01, and the probe says 2024-03-02",
    ),
    OffersAnother: (
        "test_the_release_has_the_day_that_the_agency_names",
        "vintages(rain) gives 2020-01-01, and the probe says 2024-03-01",
    ),
    TokenForEver: ("test_the_probe_sees_other_figures", "the token is still 'rain'"),
    StripsBodies: ("test_not_a_byte_is_mended", "and payload rain-N does not"),
    SendsText: ("test_not_a_byte_is_mended", "not `response.text`"),
    TakesTheKeyOutOnce: (
        "test_a_key_that_the_agency_repeats_is_taken_out",
        "payload rain-N keeps it",
    ),
    TellsNoRequest: (
        "test_payloads_come_in_a_fixed_order_with_names_of_their_own",
        "`request` of rain-N is empty",
    ),
    GoesAnywhere: ("test_the_key_goes_to_the_agency_alone", "sends us on to another host"),
    AsksForEver: (
        "test_each_failure_says_what_to_do_next",
        "while the agency fails, the source asks 200 times and more",
    ),
    TakesNoContent: ("test_each_failure_says_what_to_do_next", "answers 204 in fetch()"),
    WaitsForAnotherKey: ("test_each_failure_says_what_to_do_next", "raise Rejected or ConfigError"),
    LeavesOutWhatFailsOnce: (
        "test_one_answer_that_fails_on_the_way_loses_nothing",
        "once, at request 1 of the 2 that fetch(rain) makes, and it brings 1 payloads instead of 2",
    ),
    StopsAtTheThirdPage: (
        "test_each_failure_says_what_to_do_next",
        "at request 3 of fetch(), and the source goes on without a word",
    ),
    IsCarelessWithTheSecond: (
        "test_each_failure_says_what_to_do_next",
        "in fetch() of snow, and the source goes on without a word",
    ),
    GoesToAnotherPort: ("test_the_key_goes_to_the_agency_alone", "sends us on to another port"),
    GoesOnPermanently: (
        "test_the_key_goes_to_the_agency_alone",
        "the agency answers 307 and sends",
    ),
    GoesOnBehindTheFirst: ("test_the_key_goes_to_the_agency_alone", "sends us on to another host"),
    FirstOfTheQuarter: (
        "test_the_date_stands_in_what_the_agency_says",
        "was released on 2024-01-01, and no answer and no header of the agency has that day",
    ),
    HashesOneStation: (
        "test_a_change_that_the_agency_does_not_date_changes_the_token",
        "the agency changed a figure, it gives no date, and each token is what it was",
    ),
    NoTimeZone: ("test_payloads_come_in_a_fixed_order_with_names_of_their_own", "no time zone"),
}


class RainContract(SourceContract):
    serves_everything = True


@pytest.fixture
def said_of(caplog, capsys):
    with LocalAgency() as agency:
        for station, document in ANSWERS.items():
            agency.answer(f"/rain/{station}", json.dumps(document))

        notes = itertools.count(2)

        def revise():
            news = {"date": "2024-03-01", "note": str(next(notes))}
            agency.answer("/released", json.dumps(news))

        quietly = itertools.count(1)

        def revise_quietly():
            number = next(quietly)
            for place, station in enumerate(STATIONS):
                changed = json.loads(json.dumps(ANSWERS[station]))
                if number % 2 == place:
                    changed["records"][0]["value"] = f"{number}.5"
                agency.answer(f"/rain/{station}", json.dumps(changed))

        def ask(kind, only=None):
            agency.answer("/released", b'{"date": "2024-03-01", "note": "March report"}')
            make = lambda: kind(Settings(agency.url, Secret(CANARY)))  # noqa: E731
            return failures(
                RainContract,
                only,
                make_source=make,
                source=make,
                agency=agency,
                canary=CANARY,
                normalizer=RainNormalizer(),
                keyless=None,
                refusals={},
                released=date(2024, 3, 1),
                revise=revise,
                revise_quietly=revise_quietly,
                caplog=caplog,
                capsys=capsys,
            )

        yield ask


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


def test_a_source_that_asks_for_ever_ends_in_every_test(said_of):
    said = said_of(NeverGivesUp)
    ended = {promise for promise, text in said.items() if "asks 200 times and more" in text}
    assert ended >= {
        "test_an_agency_that_is_down_is_unavailable",
        "test_each_failure_says_what_to_do_next",
        "test_a_fetch_that_was_cut_short_is_made_good_by_the_next",
        "test_it_does_not_wait_for_ever",
        "test_no_failure_shows_the_key",
        "test_the_key_goes_to_the_agency_alone",
    }


def test_the_honest_one_keeps_them_all(said_of):
    assert said_of(RainSource) == {}


class LooksAgain(RainSource):
    def fetch(self, dataset, vintage):
        yield from super().fetch(dataset, vintage)
        if self.probe(dataset).token != vintage.token:
            raise Unavailable("published anew while it was fetched; run again")


@pytest.mark.parametrize(("kind", "caught"), [(RainSource, True), (LooksAgain, False)])
def test_a_release_that_comes_between_probe_and_fetch_is_not_taken_for_the_one_before(kind, caught):
    promise = "test_figures_of_the_next_release_are_not_taken_for_these"
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
        (WantsItLater, "the source asks the network"),
        (SaysUnavailable, "the source says Unavailable"),
        (RainSource, "the source asks the network"),
    ],
)
def test_a_source_without_its_key_has_to_say_so_at_once(kind, words):
    promise = "test_without_its_key_it_says_which_variable_to_set"
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
        (RainSource, "in fetch(), and the source takes it for data"),
        (ReadsTheFirstOnly, "within fetch(), and the source takes it for data"),
        (LooksAtTheEnd, "once, at request 1 of 3 of fetch(rain), and the source takes it for data"),
        (StopsWhereItIsRefused, "within fetch(), and the source goes on without a word"),
        (RefusesEverything, "and the source raises Rejected"),
        (KnowsNoRefusal, 'answers {"error": "busy"}, and the source never says Unavailable'),
    ],
)
def test_a_refusal_with_status_200_is_not_taken_for_data(kind, words):
    promise = "test_a_refusal_with_status_200_is_no_data"
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
