"""The contract of notifiers is worth something: each of these broken ones is caught."""

import logging
import sys
from types import SimpleNamespace

import httpx
import pytest

from contract.caught import assert_caught, failures
from statpipe.api import Notifier, Secret, hookimpl
from statpipe.testing import CANARY, LocalAgency, NotifierContract, notifier_contract

log = logging.getLogger("bell")


class Bell(Notifier):
    """Rings a server: small, honest, and what the mutants are made of."""

    quiet = ("unchanged",)

    def __init__(self, url):
        self._url = url

    @hookimpl
    def statpipe_run_finished(self, event):
        if event.manifest.outcome not in self.quiet:
            self.ring(event.manifest)

    def ring(self, manifest):
        self.send(f"{manifest.source} in {manifest.environment}: {manifest.outcome}")

    def send(self, text):
        try:
            httpx.post(self._url.reveal(), content=text.encode(), timeout=200)
        except httpx.HTTPError:
            raise RuntimeError("nobody was told; check whether the bell is up") from None


class RingsTwice(Bell):
    def ring(self, manifest):
        super().ring(manifest)
        super().ring(manifest)


class RingsAlways(Bell):
    quiet = ()


class NeverRings(Bell):
    def ring(self, manifest):
        pass


class RefusesLongMessages(Bell):
    def ring(self, manifest):
        if len(manifest.message) > 4_096:
            raise ValueError("400 Bad Request: the message is too long")
        super().ring(manifest)


class SplitsLongMessages(Bell):
    def ring(self, manifest):
        super().ring(manifest)
        if len(manifest.message) > 4_096:
            super().ring(manifest)


class TakesItsTime(Bell):
    """Looks at each check for a second, which nobody notices where there are few."""

    clock = 0

    def ring(self, manifest):
        super().ring(manifest)
        TakesItsTime.clock += len(manifest.checks)


class TellsGoodNewsOnly(Bell):
    quiet = ("unchanged", "failed")


class KeepsQuietAboutFailures(Bell):
    def send(self, text):
        try:
            super().send(text)
        except RuntimeError:
            log.info("not sent")


class NamesNobody(Bell):
    def ring(self, manifest):
        self.send(f"{manifest.source}: {manifest.outcome}")


class SendsItsKey(Bell):
    def ring(self, manifest):
        self.send(f"{manifest.source} in {manifest.environment}, by {self._url.reveal()}")


class LogsItsKey(Bell):
    def send(self, text):
        log.warning("telling %s", self._url.reveal())


class RaisesItsKey(Bell):
    def send(self, text):
        raise RuntimeError(f"{self._url.reveal()} does not answer")


class Prints(Bell):
    def send(self, text):
        sys.stdout.write(text)


class Misspelt(Notifier):
    def __init__(self, url):
        pass

    @hookimpl
    def statpipe_run_finish(self, event):
        pass


class Unmarked(Notifier):
    def __init__(self, url):
        pass

    def statpipe_run_finished(self, event):
        pass


class Eager(Bell):
    def __init__(self, url):
        super().__init__(url)
        httpx.get(url.reveal(), timeout=200)


class WritesOnTheManifest(Bell):
    def ring(self, manifest):
        object.__setattr__(manifest, "message", "told")


ENDS, ONCE = (
    "test_every_outcome_is_handled_and_the_credential_is_not_shown",
    "test_each_run_sends_one_message_with_its_name",
)
HOOKS = "test_all_hooks_are_known"
CAUGHT = {
    RingsTwice: (ONCE, "ended as loaded, 2 messages arrive; expected 1"),
    RingsAlways: (ONCE, "ended as unchanged, 1 messages arrive; expected 0"),
    NeverRings: (ONCE, "ended as loaded, 0 messages arrive; expected 1"),
    RefusesLongMessages: (ONCE, "shorten what the service does not take"),
    SplitsLongMessages: (
        ONCE,
        "ended as refused, with 20,000 letters and 300 checks, 2 messages arrive; expected 1",
    ),
    TellsGoodNewsOnly: (ONCE, "ended as failed, 0 messages arrive; expected 1"),
    KeepsQuietAboutFailures: (
        ENDS,
        "hides that the message about the run that ended as loaded was not sent",
    ),
    NamesNobody: (ONCE, "a run of prod does not name the place"),
    SendsItsKey: (ONCE, "the message shows the credential"),
    LogsItsKey: (ENDS, "a log line shows the credential"),
    RaisesItsKey: (ENDS, "what it raises (RuntimeError) shows the credential"),
    Prints: (ENDS, "it prints 'agency in prod"),
    Misspelt: (HOOKS, "statpipe_run_finish is not a hook"),
    Unmarked: (HOOKS, "statpipe_run_finished is not marked"),
    Eager: ("test_making_the_notifier_sends_no_request", "uses the network"),
    WritesOnTheManifest: (ENDS, "the notifier changes the manifest"),
}


@pytest.fixture
def said_of(caplog, capsys):
    with LocalAgency() as server:
        server.answer_with(lambda _: b"ok")

        def ask(kind, only=None):
            return failures(
                NotifierContract,
                only,
                make_notifier=lambda: kind(Secret(f"{server.url}/{CANARY}")),
                received=lambda: [request.body.decode() for request in server.requests],
                canary=CANARY,
                caplog=caplog,
                capsys=capsys,
            )

        yield ask


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_notifier_that_breaks_a_promise_is_caught(said_of, mutant):
    said = said_of(mutant, CAUGHT[mutant][0])
    assert_caught(said, *CAUGHT[mutant])
    assert not any(CANARY in text for text in said.values())


def test_one_that_takes_its_time_over_a_long_message_is_caught(said_of, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: TakesItsTime.clock)
    monkeypatch.setattr(notifier_contract, "time", clock)
    said = said_of(TakesItsTime, ONCE)
    assert_caught(said, ONCE, "refused, with 20,000 letters and 300 checks takes 300 seconds")


def test_an_honest_notifier_passes(said_of):
    assert said_of(Bell) == {}
