"""The key is sent to the agency, and is shown nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pytest

from statpipe.api import ConfigError, Diagnosis, Payload, Source, StatpipeError
from statpipe.testing.all_logs import all_logs
from statpipe.testing.canary import shows, shows_part, text_of
from statpipe.testing.local_agency import LocalAgency
from statpipe.testing.source_contract.asking import fetch, probe, quick, raised, run_once
from statpipe.testing.source_contract.faults import failures, faults, moments, sent_on, with_echo
from statpipe.testing.source_contract.fixtures import Agency, SourceFixtures, needed
from statpipe.testing.watch import watched
from statpipe.testing.wording import broken, foreseen, not_tested, told


class Key(SourceFixtures):
    """
    The key is sent to the agency, and is shown nowhere.
    """

    def test_the_key_is_never_shown(
        self,
        make_source: Callable[[], Source],
        canary: str,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Not by the source, a vintage, a payload, a log line or a print."""
        source = make_source()
        with all_logs(caplog):
            _hidden("repr(source)", f"{source!r} {source}", canary)
            for dataset in source.datasets():
                _hidden("a dataset", repr(dataset) + repr(dataset.areas), canary)
                vintage = probe(source, dataset)
                _hidden("a vintage", repr(vintage), canary)
                for payload in fetch(source, dataset, vintage):
                    _payload_hides(payload, canary)
            _hidden("notice or attribution", source.notice + source.attribution, canary)
            with quick(source), foreseen("diagnose()", "return a Diagnosis for what is wrong"):
                found = list(source.diagnose())
            if not all(isinstance(one, Diagnosis) for one in found):
                broken(
                    "diagnose() returns something other than Diagnosis", "yield Diagnosis objects"
                )
            _hidden("diagnose()", repr(found), canary)
            source.close()
            _hidden("repr(source) at its end", f"{source!r}", canary)
        _quiet(caplog, capsys, canary)

    def test_a_key_repeated_by_the_agency_is_removed(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """Many agencies repeat the request in their answers, including the key."""
        agency = needed(agency)
        _must_send_it(make_source, agency, canary)
        if not self.agency_may_echo:
            not_tested("agency_may_echo is False", "leave it out where the agency may repeat a key")
        agency.fault = lambda _, answer: with_echo(with_echo(answer, canary), canary)
        try:
            brought = run_once(make_source)
        except StatpipeError as error:
            _hidden("an exception", text_of(error), canary)
            return
        finally:
            agency.fault = None
        for payload in brought:
            if shows(payload.body, canary):
                broken(
                    f"the agency repeats the key in its answer, and payload {payload.name} keeps it",
                    "take it out before making the Payload: `key.removed_from(response.content)`, where "
                    "key is the Secret; set `agency_may_echo = False` in the class if the agency never does that",
                )

    def test_no_failure_shows_the_key(
        self,
        make_source: Callable[[], Source],
        agency: Agency | None,
        canary: str,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Neither in its text, nor in its causes, nor in a log."""
        agency = needed(agency)
        _must_send_it(make_source, agency, canary)
        at = moments(make_source, agency)
        with all_logs(caplog):
            for what, fault in faults(canary).items():
                for _, error in failures(make_source, agency, fault, at):
                    if error is not None and shows_part(text_of(error), canary):
                        broken(
                            f"when {what}, the exception shows the key: its text, its cause or its "
                            f"payload ({type(error).__name__})",
                            "write the text yourself, without the address, and end with `from None`: "
                            "what HTTP libraries raise quotes the address",
                        )
        _quiet(caplog, capsys, canary)

    def test_the_key_is_only_sent_to_the_agency(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """A redirect never gets the key, whatever its status, host, port or path."""
        agency = needed(agency)
        _must_send_it(make_source, agency, canary)
        at = moments(make_source, agency)
        with LocalAgency() as other:
            for place in (other.url.replace("127.0.0.1", "localhost"), other.url):
                for status, first in _REDIRECTS:
                    for _ in failures(make_source, agency, sent_on(place, status, first), at):
                        pass
                    if any(shows(request.everything, canary) for request in other.requests):
                        broken(
                            f"the agency answers {status} and sends us on to another "
                            f"{'host' if 'localhost' in place else 'port'}, and the key goes there",
                            "do not follow redirects (`follow_redirects=False`), or only to the same host and "
                            "port, and say Rejected; statpipe.api.http.Client does",
                        )

    def test_a_missing_key_is_reported_with_its_variable(self, keyless: Source | None) -> None:
        """Before any request. Work that needs no key still works."""
        if keyless is None:
            not_tested(
                "what the source says when its key is not set",
                "the fixture `keyless`, a source without its key, if it cannot do without one",
            )
        with foreseen("a source without its key", "ask for the key where it is sent"):
            dataset = keyless.datasets()[0]
        with watched(keyless) as watch, quick(keyless):
            error = raised(partial(keyless.probe, dataset))
        keyless.close()
        said = f"says {told(error)}" if error is not None else "goes on"
        if watch.first("network") or not isinstance(error, ConfigError):
            what = "uses the network" if watch.first("network") else said
            broken(
                f"without its key, the source {what}",
                "raise ConfigError that names the variable to set, before anything is asked",
            )


_REDIRECTS = (
    *((status, None) for status in (301, 302, 303, 307, 308)),
    *((status, "/moved-by-the-agency") for status in (302, 307)),
)
"""The status of redirects, and the agency's own path to which they lead first."""


def _must_send_it(make_source: Callable[[], Source], agency: Agency, canary: str) -> None:
    __tracebackhide__ = True
    run_once(make_source)
    if not any(shows(request.everything, canary) for request in agency.requests):
        not_tested(
            "the source sends no key",
            "hand `canary` to it as its key in `make_source`, if the agency wants one",
        )


def _hidden(what: str, text: str, canary: str) -> None:
    __tracebackhide__ = True
    if shows_part(text, canary):
        broken(
            f"{what} shows the key{'' if shows(text, canary) else ', or a part of it'}",
            "keep the key as a statpipe.api.Secret, call reveal() only where it is sent, and "
            "leave it out of what others see",
        )


def _payload_hides(payload: Payload, canary: str) -> None:
    __tracebackhide__ = True
    # Names have underscores for other characters, also for those of a key.
    as_a_name = Payload(name=canary, body=b"").name
    places: Mapping[str, str | bytes] = {
        "its name": payload.name.replace(as_a_name, canary),
        "its `request`": repr(dict(payload.request)),
        "its body": payload.body,
        "its repr": repr(payload),
    }
    for where, text in places.items():
        if shows(text, canary):
            broken(
                f"payload {payload.name.replace(as_a_name, '***')} shows the key: {where} holds it",
                "write address and parameters into `request` without the key, and take it out of "
                "the body where the agency repeats it",
            )


def _quiet(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], canary: str
) -> None:
    __tracebackhide__ = True
    for record in caplog.records:
        text = record.getMessage() + repr(record.args) + str(record.exc_text or "")
        if shows_part(text, canary):
            broken(
                f"a log line of {record.name} (level {record.levelname}) shows the key",
                "log what was asked, not how: no address with parameters, no headers",
            )
    printed = capsys.readouterr()
    if shows_part(printed.out + printed.err, canary):
        broken("what is printed shows the key", "do not print; log without the key")
