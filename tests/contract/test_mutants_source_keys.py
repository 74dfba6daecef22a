"""The contract of sources is worth something: each of these, that is careless with its key, is caught."""

import urllib.error
import urllib.parse
import urllib.request

import attrs
import pytest

from contract.caught import assert_caught
from contract.rain import RainSource, log
from statpipe.api import Rejected, Unavailable
from statpipe.testing import CANARY


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


class KeyBeginsTheRepr(RainSource):
    def __repr__(self):
        return f"RainSource({self._settings.key.reveal()[:4]}***)"


class KeyEndsTheRepr(RainSource):
    def __repr__(self):
        return f"RainSource(...{self._settings.key.reveal()[-3:]})"


class HalfOfTheKeyInAVintage(RainSource):
    def probe(self, dataset):
        return attrs.evolve(super().probe(dataset), note=self._settings.key.reveal()[3:11])


class HalfOfTheKeyAsAddressesWriteIt(RainSource):
    def probe(self, dataset):
        key = urllib.parse.quote(self._settings.key.reveal()[:8])
        return attrs.evolve(super().probe(dataset), note=key)


class HalfOfTheKeyInALog(RainSource):
    def get(self, path):
        log.info("asked as %s", self._settings.key.reveal()[5:])
        return super().get(path)


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


class TakesTheKeyOutOnce(RainSource):
    def get(self, path):
        key = self._settings.key.reveal().encode()
        request = urllib.request.Request(self._settings.url + path, headers={"X-Key": key.decode()})
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read().replace(key, b"REDACTED", 1)


class GoesAnywhere(RainSource):
    opener = urllib.request.build_opener()


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


CAUGHT = {
    KeyInUrl: ("test_the_key_is_never_shown", "its `request` holds it"),
    KeyInQuotedUrl: ("test_the_key_is_never_shown", "its `request` holds it"),
    KeyInName: ("test_the_key_is_never_shown", "its name holds it"),
    KeyInBytes: ("test_the_key_is_never_shown", "its body holds it"),
    KeyInRepr: ("test_the_key_is_never_shown", "repr(source) shows the key"),
    KeyBeginsTheRepr: ("test_the_key_is_never_shown", "shows the key, or a part of it"),
    KeyEndsTheRepr: ("test_the_key_is_never_shown", "shows the key, or a part of it"),
    HalfOfTheKeyInAVintage: ("test_the_key_is_never_shown", "a vintage shows the key, or a part"),
    HalfOfTheKeyAsAddressesWriteIt: ("test_the_key_is_never_shown", "a vintage shows the key"),
    HalfOfTheKeyInALog: ("test_the_key_is_never_shown", "a log line of rain (level INFO)"),
    KeyInException: ("test_no_failure_shows_the_key", "the exception shows the key"),
    KeyInCause: ("test_no_failure_shows_the_key", "the exception shows the key"),
    KeyInLog: ("test_the_key_is_never_shown", "a log line of rain (level INFO)"),
    KeyInPrint: ("test_the_key_is_never_shown", "what is printed shows the key"),
    KeepsTheEcho: ("test_a_key_repeated_by_the_agency_is_removed", "payload rain-N keeps it"),
    TakesTheKeyOutOnce: (
        "test_a_key_repeated_by_the_agency_is_removed",
        "payload rain-N keeps it",
    ),
    GoesAnywhere: ("test_the_key_is_only_sent_to_the_agency", "sends us on to another host"),
    GoesToAnotherPort: ("test_the_key_is_only_sent_to_the_agency", "sends us on to another port"),
    GoesOnPermanently: (
        "test_the_key_is_only_sent_to_the_agency",
        "the agency answers 307 and sends",
    ),
    GoesOnBehindTheFirst: (
        "test_the_key_is_only_sent_to_the_agency",
        "sends us on to another host",
    ),
}


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_source_that_breaks_a_promise_is_caught(said_of, mutant):
    said = said_of(mutant, CAUGHT[mutant][0])
    assert_caught(said, *CAUGHT[mutant])
    assert not any(CANARY in text for text in said.values())
