"""What a source says when the agency fails, and that the next fetch makes it good."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from statpipe.api import (
    ConfigError,
    ContentError,
    Dataset,
    Payload,
    Rejected,
    Source,
    StatpipeError,
    Unavailable,
    Vintage,
)
from statpipe.testing.canary import shows
from statpipe.testing.silence import waits
from statpipe.testing.source_contract.asking import datasets_of, probe, quick, raised, run_once
from statpipe.testing.source_contract.faults import (
    NONSENSE,
    From,
    Moment,
    asked_by_fetch,
    disturbed_by,
    failures,
    faults,
    instead,
    moments,
)
from statpipe.testing.source_contract.fixtures import Agency, SourceFixtures, needed
from statpipe.testing.watch import watched
from statpipe.testing.wording import broken, foreseen, not_tested, told


class Failures(SourceFixtures):
    """
    What a source says when the agency fails, and that the next fetch makes it good.
    """

    def test_an_agency_that_is_down_is_unavailable(
        self, make_source: Callable[[], Source], canary: str
    ) -> None:
        """No connection at all: run again later."""
        for dataset in datasets_of(make_source):
            source = make_source()
            with watched(source) as watch, quick(source):
                error = raised(partial(source.probe, dataset))
            source.close()
            if not watch.first("network"):
                not_tested(
                    f"the probe of {dataset.name}, as it is tested here, asks nobody",
                    "let it ask a LocalAgency (the fixture `agency`), as it asks the real one",
                )
            _expect("there is no network", error, (Unavailable,), canary)

    def test_each_failure_says_what_to_do_next(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """Only expected errors, each in one line."""
        agency = needed(agency)
        at = moments(make_source, agency)
        for what, fault in faults(canary).items():
            wanted: tuple[type[StatpipeError], ...] = (StatpipeError,)
            if any(sign in what for sign in ("closes", "50", "429")):
                wanted = (Unavailable,)
            if any(sign in what for sign in ("400", "401", "403")):
                wanted = (Rejected, ConfigError)
            if "cut off" in what:
                wanted = (Unavailable, ContentError)
            for when, error in failures(make_source, agency, fault, at):
                _expect(f"{what} {when}", error, wanted, canary)

    def test_a_single_failed_answer_loses_nothing(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """
        It is requested again, or the source reports it: a page, a batch or a dataset is never
        missing silently.
        """
        agency = needed(agency)
        some = {what: fault for what, fault in faults(canary).items() if what in _PASSING}
        for number, dataset in enumerate(datasets_of(make_source)):
            asked = asked_by_fetch(make_source, agency, number)
            at = Moment(dataset=number, when="in fetch()", healthy=0)
            _, whole = disturbed_by(lambda _, answer: answer, make_source, agency, at)
            for place in range(min(asked, _MOST_PLACES)):
                for what, fault in some.items():
                    once = From(fault, place, most=1)
                    error, brought = disturbed_by(once, make_source, agency, at)
                    if error is not None:
                        when = f"{what} once, at request {place + 1} of {asked} of fetch({dataset.name})"
                        _expect(when, error, (StatpipeError,), canary)
                    elif _bodies(brought) != _bodies(whole):
                        broken(
                            f"{what} once, at request {place + 1} of the {asked} that fetch({dataset.name}) "
                            f"makes, and it brings {len(brought)} payloads instead of {len(whole)}, or others",
                            "let the error through, or ask again; never go on with the next page or batch",
                        )

    def test_the_source_does_not_wait_without_end(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """An agency that accepts the request but never answers would block the run for hours."""
        needed(agency)
        with waits() as found:
            run_once(make_source)
        if found.endless:
            broken(
                "the source waits for an answer without an end",
                "give every request a time-out, such as httpx.Client(timeout=30)",
            )
        if not found.blocking:
            not_tested(
                "the source waits in a way that the kit cannot see, such as an asynchronous library",
                "see to it that each request has a time-out, and try it with a server that says nothing",
            )
        for dataset in datasets_of(make_source):
            source = make_source()
            with waits(silent=True), quick(source):
                error = raised(partial(source.probe, dataset))
            source.close()
            _expect(
                "the agency accepts the request and never answers", error, (Unavailable,), canary
            )

    def test_a_nonsense_answer_to_the_probe_is_refused(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """A web page or an empty document gives neither a release nor an unexpected exception."""
        agency = needed(agency)
        for dataset in datasets_of(make_source):
            usual = probe(make_source(), dataset)
            for what, body in NONSENSE.items():
                source = make_source()
                agency.fault = instead(body)
                with quick(source):
                    found: list[Vintage] = []
                    error = raised(partial(_ask, source, dataset, found))
                agency.fault = None
                source.close()
                if error is not None:
                    _expect(f"the agency answers with {what}", error, (StatpipeError,), canary)
                elif found[0].released != usual.released:
                    broken(
                        f"the agency answers with {what}, and the probe says that {dataset.name} was "
                        f"released on {found[0].released}",
                        "raise ContentError if the answer does not name a release",
                    )

    def test_an_interrupted_fetch_can_be_repeated(
        self, make_source: Callable[[], Source], agency: Agency | None
    ) -> None:
        """Nothing is left behind that changes the next fetch."""
        undisturbed = _bodies(run_once(make_source))
        for number in range(len(datasets_of(make_source))):
            source = make_source()
            dataset = source.datasets()[number]
            started = iter(source.fetch(dataset, probe(source, dataset)))
            with foreseen("the first payload of fetch()", "yield payloads"):
                next(started, None)
            source.close()
        if agency is not None:
            for _ in failures(make_source, agency, lambda *_: None, moments(make_source, agency)):
                pass
        again = _bodies(run_once(make_source))
        if again != undisturbed:
            broken(
                "after a fetch that was interrupted, the next one brings other payloads",
                "keep no state outside of the source object: no files, no globals",
            )

    def test_the_source_can_be_closed_with_or_without_use(
        self, make_source: Callable[[], Source]
    ) -> None:
        """Also after a failure."""
        with foreseen("close() of a source that was not used", "close what was opened, if it was"):
            make_source().close()


_PASSING = ("the agency closes the connection", "the agency answers 503", "an answer is cut off")
_MOST_PLACES = 12


def _bodies(payloads: Iterable[Payload]) -> list[tuple[str, bytes]]:
    return [(payload.name, payload.body) for payload in payloads]


def _expect(
    what: str,
    error: BaseException | None,
    wanted: tuple[type[StatpipeError], ...],
    canary: str,
) -> None:
    __tracebackhide__ = True
    names = " or ".join(kind.__name__ for kind in wanted)
    if StatpipeError in wanted:
        names = "Unavailable (asking again may help), Rejected (it will not) or ContentError"
    if error is None:
        broken(
            f"{what}, and the source continues silently",
            f"raise {names}; do not catch exceptions to go on with less, look at the status of "
            "each answer, and at whether its body is whole",
        )
    if not isinstance(error, wanted):
        line = "(not shown: it holds the key)" if shows(told(error), canary) else told(error)
        broken(
            f"{what}, and the source raises {line}",
            f"catch what the library raises and raise {names}, in one line that says what to do",
        )
    text = str(error).strip()
    if not text or "\n" in text:
        broken(f"{what}, and the error says {text!r}", "say in one line what to do")


def _ask(source: Source, dataset: Dataset, found: list[Vintage]) -> None:
    found.append(source.probe(dataset))
