"""What can go wrong with an agency's answers, and what a source raises then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from attrs import evolve

from statpipe.api import Dataset, Source, Vintage
from statpipe.testing.damage import PAGE
from statpipe.testing.local_agency import Answer, Fault, Request
from statpipe.testing.source_contract.asking import quick, raised
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
    Return what may happen to any answer, by the words that say so. Many agencies repeat the key.
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
    """Send the first byte only. An answer to HEAD has none, so there the connection is closed."""
    if request.method == "HEAD":
        return None
    return evolve(answer, body=answer.body + b" " * 64, cut=1)


def instead(body: bytes) -> Fault:
    """
    Send another body. An answer to HEAD is its headers: they are left out.
    """
    return lambda request, answer: (
        evolve(answer, headers={}) if request.method == "HEAD" else evolve(answer, body=body)
    )


def with_more(odd: bytes) -> Fault:
    """
    Send the whole body, and odd bytes behind it.
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


def failures(
    make_source: Callable[[], Source], agency: Agency, fault: Fault
) -> Iterator[tuple[str, BaseException | None]]:
    """
    Give what is raised when this happens to the probe, to fetch(), and in the middle of it.
    """
    for when, healthy in (("in the probe", None), ("in fetch()", 0), ("within fetch()", 1)):
        source, disturbed = make_source(), _From(fault, healthy or 0)
        try:
            with quick(source):
                dataset = source.datasets()[0]
                vintage = None if healthy is None else source.probe(dataset)
                agency.fault = disturbed
                error = raised(
                    partial(source.probe, dataset)
                    if vintage is None
                    else partial(_fetch_all, source, dataset, vintage)
                )
        finally:
            agency.fault = None
            source.close()
        if disturbed.hits:
            yield when, error


class _From:
    """A fault that leaves the first answers as they are."""

    def __init__(self, fault: Fault, healthy: int) -> None:
        self._fault, self._healthy = fault, healthy
        self.hits = 0

    def __call__(self, request: Request, answer: Answer) -> Answer | None:
        if self._healthy > 0:
            self._healthy -= 1
            return answer
        self.hits += 1
        return self._fault(request, answer)


def _fetch_all(source: Source, dataset: Dataset, vintage: Vintage) -> None:
    for _ in source.fetch(dataset, vintage):
        pass
