"""Faults in an agency's answers, and the errors that a source raises."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from http import HTTPStatus

from attrs import evolve, frozen

from statpipe.api import Dataset, Payload, Source, Vintage
from statpipe.testing.damage import PAGE
from statpipe.testing.local_agency import Answer, Fault, Request
from statpipe.testing.source_contract.asking import datasets_of, quick, raised
from statpipe.testing.source_contract.fixtures import Agency

NONSENSE = {
    "nothing": b"",
    "a web page": PAGE,
    "the JSON {}": b"{}",
    "the JSON []": b"[]",
    "binary": b"\x00\xff\xfe",
}


def faults(canary: str) -> dict[str, Fault]:
    """
    Return faults that may happen to any answer, by their description. Many agencies repeat the key.
    """
    echo = f'{{"error": "key {canary} at https://agency.example/?key={canary}"}}'.encode()

    def status(code: int, headers: Mapping[str, str] | None = None) -> Fault:
        return lambda *_: Answer(echo, "application/json", code, headers or {})

    return {
        "the agency closes the connection": lambda *_: None,
        "the agency answers 503": status(503),
        "the agency answers 502": status(502),
        "the agency answers 504": status(504),
        "the agency answers 204": lambda *_: Answer(b"", "application/json", 204),
        "the agency answers 302": status(302),
        "the agency answers 500": status(500),
        "the agency answers 429": status(429, {"Retry-After": "1"}),
        "the agency answers 401": status(401),
        "the agency answers 403": status(403),
        "the agency answers 404": status(404),
        "the agency answers 400": status(400),
        "an answer is cut off": _cut_off,
    }


def _cut_off(request: Request, answer: Answer) -> Answer | None:
    """
    Only send the first byte. Answers to HEAD and with 304 have no body: for these, close the
    connection.
    """
    if request.method == "HEAD" or answer.status == HTTPStatus.NOT_MODIFIED:
        return None
    return evolve(answer, body=answer.body + b" " * 64, cut=1)


def instead(body: bytes) -> Fault:
    """
    Send another body. For HEAD, leave out the headers.
    """
    return lambda request, answer: (
        evolve(answer, headers={}) if request.method == "HEAD" else evolve(answer, body=body)
    )


def with_more(odd: bytes) -> Fault:
    """
    Send the whole body, followed by odd bytes.
    """
    return lambda _, answer: evolve(answer, body=answer.body + odd)


def with_echo(answer: Answer, canary: str) -> Answer:
    """
    Return an answer that repeats the key, as far as its form allows.
    """
    body = answer.body
    if body.lstrip()[:1] == b"{" and body.lstrip()[1:].lstrip()[:1] != b"}":
        body = b'{"UserID":"' + canary.encode() + b'",' + body.lstrip()[1:]
    elif body.rstrip().endswith(b">"):
        body = body.rstrip() + f"<!-- {canary} -->".encode()
    elif b"\x00" not in body and body[:2] not in {b"PK", b"\x1f\x8b"}:
        body += f"\r\n{canary}\r\n".encode()
    return Answer(body, answer.media_type, answer.status, answer.headers)


@frozen(kw_only=True)
class Moment:
    """
    When a fault happens: in which dataset, and after how many good answers of fetch(); or in the
    probe.
    """

    dataset: int
    when: str
    healthy: int | None


def moments(make_source: Callable[[], Source], agency: Agency) -> list[Moment]:
    """
    Return the moments of faults: in the probe, and at the first, second and last request of
    fetch(), for every dataset.
    """
    found = []
    names = [dataset.name for dataset in datasets_of(make_source)]
    for number, name in enumerate(names):
        of = f" of {name}" if len(names) > 1 else ""
        last = asked_by_fetch(make_source, agency, number) - 1
        usual = {None: "in the probe", 0: "in fetch()", 1: "within fetch()"}
        if last > 1:
            usual[last] = f"at request {last + 1} of fetch()"
        found += [Moment(dataset=number, when=when + of, healthy=n) for n, when in usual.items()]
    return found


def asked_by_fetch(make_source: Callable[[], Source], agency: Agency, number: int) -> int:
    """
    Return how many requests fetch() sends for a dataset without a fault.
    """
    source = make_source()
    try:
        with quick(source, most=sys.maxsize):
            dataset = source.datasets()[number]
            vintage = source.probe(dataset)
            before = len(agency.requests)
            fetch_all(source, dataset, vintage)
    finally:
        source.close()
    return len(agency.requests) - before


def failures(
    make_source: Callable[[], Source], agency: Agency, fault: Fault, at: Iterable[Moment]
) -> Iterator[tuple[str, BaseException | None]]:
    """
    Yield the errors that are raised if this fault happens to all requests from these moments on.
    """
    for moment in at:
        disturbed = From(fault, moment.healthy or 0)
        error, _ = disturbed_by(disturbed, make_source, agency, moment)
        if disturbed.hits:
            yield moment.when, error


def disturbed_by(
    fault: Fault, make_source: Callable[[], Source], agency: Agency, moment: Moment
) -> tuple[BaseException | None, list[Payload]]:
    """
    Probe or fetch with this fault. Return the error that was raised, and the payloads.
    """
    source = make_source()
    brought: list[Payload] = []
    try:
        with quick(source):
            dataset = source.datasets()[moment.dataset]
            vintage = None if moment.healthy is None else source.probe(dataset)
            agency.fault = fault
            error = raised(
                partial(source.probe, dataset)
                if vintage is None
                else lambda: brought.extend(source.fetch(dataset, vintage))
            )
    finally:
        agency.fault = None
        source.close()
    return error, brought


def sent_on(place: str, status: int, first: str | None = None) -> Fault:
    """
    Redirect to another place with this status, *first* to a path of the agency itself and from
    there.
    """
    away = Answer(b"", "text/plain", status, {"Location": f"{place}/?on=1"})
    if first is None:
        return lambda *_: away
    here = evolve(away, headers={"Location": first})
    return lambda request, _: away if request.path.startswith(first) else here


class From:
    """
    A fault that does not affect the first answers, and also not the later ones if it happens once.
    """

    def __init__(self, fault: Fault, healthy: int, most: int = sys.maxsize) -> None:
        self._fault, self._healthy, self._most = fault, healthy, most
        self.hits = 0

    def __call__(self, request: Request, answer: Answer) -> Answer | None:
        if self._healthy > 0 or self.hits >= self._most:
            self._healthy -= 1
            return answer
        self.hits += 1
        return self._fault(request, answer)


def fetch_all(source: Source, dataset: Dataset, vintage: Vintage) -> None:
    """
    Fetch, and discard the payloads.
    """
    for _ in source.fetch(dataset, vintage):
        pass
