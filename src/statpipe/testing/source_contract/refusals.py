"""What becomes of an answer with status 200 that says no."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from attrs import evolve, frozen

from statpipe.api import ContentError, Dataset, NoData, Payload, Source, StatpipeError
from statpipe.testing.canary import shows
from statpipe.testing.local_agency import Fault
from statpipe.testing.source_contract.asking import datasets_of
from statpipe.testing.source_contract.faults import (
    From,
    Moment,
    asked_by_fetch,
    disturbed_by,
    moments,
)
from statpipe.testing.source_contract.fixtures import Agency, SourceFixtures, needed
from statpipe.testing.wording import broken, not_tested, told

_MOST_PLACES = 12


class Refusals(SourceFixtures):
    """
    What becomes of an answer with status 200 that says no.
    """

    def test_a_refusal_with_status_200_is_not_data(
        self,
        make_source: Callable[[], Source],
        agency: Agency | None,
        refusals: Mapping[bytes, type[StatpipeError]] | None,
        canary: str,
    ) -> None:
        """In the first answer, and in a later page or batch."""
        agency = needed(agency)
        if refusals is None:
            not_tested(
                "what becomes of answers that refuse with status 200",
                "the fixture `refusals`: such answers, and what each has to become, as in "
                '{b\'{"error": "limit reached"}\': Unavailable}; or {}, if the agency sends none',
            )
        for body, wanted in refusals.items():
            tried = list(_tried(make_source, agency, body))
            for one in tried:
                _refused(one, body, wanted, canary)
            if not any(isinstance(one.error, wanted) for one in tried):
                broken(
                    f"the agency answers {_shown(body)}, and the source never says {wanted.__name__}",
                    "read what the answer means, as with `judge` of statpipe.api.http.Client, and raise "
                    f"{wanted.__name__}: it tells people what to do next",
                )


@frozen(kw_only=True)
class _Tried:
    """
    A refusal in place of an answer: the error, the payloads, and the payloads without a refusal.
    """

    when: str
    error: BaseException | None
    brought: list[Payload]
    whole: list[Payload]


def _tried(make_source: Callable[[], Source], agency: Agency, body: bytes) -> Iterator[_Tried]:
    """Refuse from each moment on, and then once at each request of fetch()."""
    fault = _refusing(body)
    datasets = datasets_of(make_source)
    for moment in moments(make_source, agency):
        disturbed = From(fault, moment.healthy or 0)
        error, brought = disturbed_by(disturbed, make_source, agency, moment)
        if disturbed.hits:
            yield _Tried(when=moment.when, error=error, brought=brought, whole=[])
    for number, dataset in enumerate(datasets):
        yield from _tried_once(make_source, agency, fault, number, dataset)


def _tried_once(
    make_source: Callable[[], Source], agency: Agency, fault: Fault, number: int, dataset: Dataset
) -> Iterator[_Tried]:
    at = Moment(dataset=number, when="in fetch()", healthy=0)
    _, whole = disturbed_by(lambda _, answer: answer, make_source, agency, at)
    asked = asked_by_fetch(make_source, agency, number)
    for place in range(min(asked, _MOST_PLACES)):
        once = From(fault, place, most=1)
        error, brought = disturbed_by(once, make_source, agency, at)
        if once.hits:
            when = f"once, at request {place + 1} of {asked} of fetch({dataset.name})"
            yield _Tried(when=when, error=error, brought=brought, whole=whole)


def _refusing(body: bytes) -> Fault:
    """Refuse with status 200. An answer to HEAD has no body, so it cannot."""
    return lambda request, answer: (
        answer if request.method == "HEAD" else evolve(answer, body=body, status=200, headers={})
    )


def _refused(one: _Tried, body: bytes, wanted: type[StatpipeError], canary: str) -> None:
    __tracebackhide__ = True
    what = f"the agency answers {_shown(body)} with status 200 {one.when}"
    remedy = (
        f"look into each answer before it is given on, and raise {wanted.__name__}: a `judge` of "
        "statpipe.api.http.Client does that for every request"
    )
    if one.error is None:
        if any(payload.body == body for payload in one.brought):
            broken(f"{what}, and the source treats it as data", remedy)
        empty = issubclass(wanted, NoData) and one.brought
        again = one.whole and _bodies(one.brought) == _bodies(one.whole)
        if not (empty or again):
            broken(f"{what}, and the source continues silently", remedy)
    # For other URLs, such as that of a date, the answer is only unexpected.
    elif not isinstance(one.error, (wanted, ContentError)):
        line = (
            "(not shown: it holds the key)" if shows(told(one.error), canary) else told(one.error)
        )
        broken(f"{what}, and the source raises {line}", f"raise {wanted.__name__}")


def _bodies(payloads: list[Payload]) -> list[bytes]:
    return [payload.body for payload in payloads]


def _shown(body: bytes) -> str:
    text = body.decode(errors="replace")
    return text if len(text) <= 100 else f"{text[:100]}..."
