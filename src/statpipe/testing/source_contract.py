"""What every source promises."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date
from functools import partial
from typing import Any, ClassVar, Protocol

import pytest
from attrs import evolve

from statpipe.api import (
    ConfigError,
    ContentError,
    Dataset,
    Diagnosis,
    Normalizer,
    Payload,
    Rejected,
    Source,
    StatpipeError,
    Unavailable,
    Vintage,
)
from statpipe.domain.seal import seal
from statpipe.testing.all_logs import all_logs
from statpipe.testing.author import Author
from statpipe.testing.canary import CANARY, shows, text_of
from statpipe.testing.clock import clock_moved, quick_sleep, time_zone
from statpipe.testing.damage import PAGE
from statpipe.testing.local_agency import Answer, Fault, LocalAgency, Request
from statpipe.testing.silence import waits
from statpipe.testing.watch import watched
from statpipe.testing.wording import broken, foreseen, missing, told

_DAYS = (0, 1_234, 9)
_ZONES = ("UTC0", "<+14>-14", "<-12>12")
"""Where it is tomorrow first, and yesterday longest. No database of time zones is needed for these."""
_MOST_ASKED = 200


class Agency(Protocol):
    """
    What the kit needs of a local fake: :class:`statpipe.testing.LocalAgency` has it.
    """

    requests: list[Request]
    served: list[bytes]
    fault: Fault | None


class SourceContract:
    """
    A source names the agency's releases, brings its answers as they are, and keeps its key.

    Inherit it in a class whose name begins with ``Test`` and override two fixtures::

        class TestTeaSource(SourceContract):
            @pytest.fixture
            def agency(self):                       # the agency, on this machine
                with LocalAgency() as agency:
                    agency.answer("/released", b'{"date": "2024-03-01"}')
                    agency.answer("/prices", (HERE / "prices.json").read_bytes())
                    yield agency

            @pytest.fixture
            def make_source(self, agency, canary):  # makes a new source whenever it is called
                return lambda: TeaSource(Settings(url=agency.url, key=Secret(canary)))

    ``canary`` is the text that stands for the key: hand it to the source wherever a real key would
    go. The kit looks for it everywhere. The agency's answers are then delayed by nobody, but broken
    in every way: the source has to say ``Unavailable``, ``Rejected`` or ``ContentError``, each in one
    line. While that is tested, ``time.sleep`` returns at once.

    Fixtures that may be overridden besides:

    - ``normalizer``: then what is fetched must also be readable.
    - ``keyless``: a source whose key is not set; then it has to say so, before it asks anybody.
    - ``revise``: a function that lets the agency publish other figures; then the probe must see it.
    - ``released``: the day that the agency's answers name, a ``datetime.date``.
    - ``agency``: a source that does not speak HTTP, or has a fake of its own, may leave it out;
      then six promises go untested. A fake of your own needs ``requests``, ``served`` and ``fault``
      as :class:`~statpipe.testing.LocalAgency` has them.

    Class attributes, for the exceptions from the rule:

    - ``probe_reads_everything = True``: the agency has no cheaper question than the whole answer.
    - ``payloads_as_served = False``: payloads are cut out of answers, so they are not found in them.
    - ``agency_may_echo = False``: the agency never repeats what it was asked in its answers.
    - ``serves_everything = True``: the agency on this machine has a figure, or a reason for there being
      none, for every area and every category of the datasets; then each of them has to be fetched.
    """

    probe_reads_everything: ClassVar[bool] = False
    payloads_as_served: ClassVar[bool] = True
    agency_may_echo: ClassVar[bool] = True
    serves_everything: ClassVar[bool] = False

    @pytest.fixture
    def canary(self) -> str:
        """The key that must be seen nowhere. Override it if the source takes keys of one form only."""
        return CANARY

    @pytest.fixture
    def agency(self) -> Agency | None:
        """Override: the agency on this machine, with its answers."""
        return None

    @pytest.fixture
    def make_source(self) -> Callable[[], Source]:
        """Override: makes a new source, with the canary as its key, whenever it is called."""
        missing(
            self, "make_source", "a function that makes a new source, with the canary as its key"
        )

    @pytest.fixture
    def source(self, make_source: Callable[[], Source]) -> Iterator[Source]:
        """One source, closed at the end. Override ``make_source`` instead."""
        source = make_source()
        yield source
        source.close()

    @pytest.fixture
    def keyless(self) -> Source | None:
        """Override, if you like: a source whose key is not set."""
        return None

    @pytest.fixture
    def normalizer(self) -> Normalizer | None:
        """Override, if you like: the normalizer that reads what is fetched."""
        return None

    @pytest.fixture
    def released(self) -> date | None:
        """Override, if you like: the day that the agency's answers name."""
        return None

    @pytest.fixture
    def revise(self) -> Callable[[], object] | None:
        """Override, if you like: lets the agency publish other figures."""
        return None

    # --- what there is ---------------------------------------------------------------------------

    def test_datasets_are_named_without_asking_anybody(
        self, make_source: Callable[[], Source], agency: Agency | None
    ) -> None:
        """Twice the same, each once, offline."""
        asked = len(agency.requests) if agency is not None else 0
        source = make_source()
        datasets: list[Dataset] = []
        with watched(source) as watch:
            error = _raised(lambda: datasets.extend(source.datasets()))
        if watch.first("network") or (agency is not None and len(agency.requests) > asked):
            broken("datasets() asks the network", "take them from the settings and from data files")
        if error is not None:
            broken(f"datasets() raises {told(error)}", "return what is configured")
        if not datasets:
            broken("datasets() is empty", "return at least one Dataset")
        names = [dataset.name for dataset in datasets]
        if len(set(names)) < len(names):
            broken(f"datasets() names {sorted(names)}", "give each dataset a name of its own")
        if list(make_source().datasets()) != datasets:
            broken("another source with the same settings has other datasets", "keep their order")
        for dataset in datasets:
            self._code_lists(dataset)
            try:
                pickle.dumps(dataset)
            except Exception as problem:  # noqa: BLE001 - whatever pickle raises
                broken(
                    f"dataset {dataset.name} cannot be pickled: {told(problem)}", "use plain values"
                )
        source.close()

    def test_the_smallest_is_a_part_of_the_dataset(self, source: Source) -> None:
        """So that a smoke run asks for little."""
        for dataset in source.datasets():
            small = source.smallest(dataset)
            if small.name != dataset.name or not dataset.selection.covers(small.selection):
                broken(
                    f"smallest({dataset.name}) is {small.name} with {small.selection}",
                    "return the same dataset with a narrower selection (attrs.evolve)",
                )

    # --- vintages --------------------------------------------------------------------------------

    def test_the_same_release_is_the_same_vintage_on_any_day(
        self, make_source: Callable[[], Source]
    ) -> None:
        """Its date is the agency's and its token is of what the agency says: never our clock."""
        for dataset in self._datasets(make_source):
            first: Vintage | None = None
            for days, zone in zip(_DAYS, _ZONES, strict=True):
                source = make_source()
                with time_zone(zone), clock_moved(days, Author(source).modules()):
                    today = date.today()  # noqa: DTZ011 - what a careless source would take
                    found = self._probed(source, dataset)
                source.close()
                if days and abs((found.released - today).days) <= 1:
                    broken(
                        f"the clock is set to {today}, and the probe says that {dataset.name} was "
                        f"released on {found.released}",
                        "take `released` from what the agency says (a note, a field, Last-Modified); "
                        "the time of our request is no release",
                    )
                if first is not None and found != first:
                    what = "token" if found.released == first.released else "date"
                    broken(
                        f"nothing changed at the agency, and a second probe of {dataset.name} gives "
                        f"another {what}: {_seen(first)}, then {_seen(found)}",
                        "leave out of the token what differs from answer to answer: time, order, "
                        "request numbers, the header Date; take the date from the agency, and turn no "
                        "time into this machine's zone",
                    )
                first = first or found

    def test_the_release_has_the_day_that_the_agency_names(
        self, make_source: Callable[[], Source], released: date | None
    ) -> None:
        """Not the day before in another time zone, nor the first of its month."""
        for dataset in self._datasets(make_source):
            source = make_source()
            found = self._probed(source, dataset)
            offered = list(source.vintages(dataset))
            source.close()
            if released is not None and found.released != released:
                broken(
                    f"the agency released {dataset.name} on {released}, and the probe says "
                    f"{found.released}",
                    "take the date as the agency writes it; a time in GMT is a day in its own zone",
                )
            if not offered or found not in offered or offered != sorted(offered, key=_day):
                broken(
                    f"vintages({dataset.name}) gives {', '.join(one.id for one in offered) or 'none'}, "
                    f"and the probe says {found.id}",
                    "return all that can be fetched, oldest first, with that of the probe among them",
                )

    def test_the_probe_sees_other_figures(
        self, make_source: Callable[[], Source], revise: Callable[[], object] | None
    ) -> None:
        """What the agency changes, changes the vintage."""
        if revise is None:
            pytest.skip("the fixture `revise` is not overridden")
        before = {d.name: self._probed(make_source(), d) for d in self._datasets(make_source)}
        revise()
        after = {d.name: self._probed(make_source(), d) for d in self._datasets(make_source)}
        if before == after:
            broken(
                "the agency published other figures, and each probe says what it said before",
                "hash into `token` what the agency says about its release",
            )
        same = [n for n, one in before.items() if one != after[n] and one.token == after[n].token]
        if same:
            broken(
                f"the agency published other figures of {same[0]}, and the token is still "
                f"{before[same[0]].token[:12]!r}",
                "hash into `token` what tells that something changed, the date included: where it is "
                "the same, nothing is fetched",
            )

    def test_figures_of_the_next_release_are_not_taken_for_these(
        self, make_source: Callable[[], Source], revise: Callable[[], object] | None
    ) -> None:
        """It may come between the probe and the fetch; under the old date it would stay for ever."""
        if revise is None:
            return
        source, known = make_source(), {}
        for dataset in source.datasets():
            vintage = self._probed(source, dataset)
            bodies = [payload.body for payload in self._fetched(source, dataset, vintage)]
            known[dataset.name] = dataset, vintage, bodies
        source.close()
        revise()
        for dataset, vintage, before in known.values():
            source = make_source()
            if self._probed(source, dataset).released != vintage.released:
                after: list[bytes] = []
                with _quick(source), suppress(StatpipeError):
                    after.extend(payload.body for payload in source.fetch(dataset, vintage))
                    if after != before:
                        broken(
                            f"{dataset.name} was probed, then the agency published its next release, "
                            f"and fetch() brings that under the date {vintage.released}",
                            "look at the date again when all has come (an answer's own date, or another "
                            "probe), and raise Unavailable if it is no longer the vintage's",
                        )
            source.close()

    def test_the_probe_does_not_download_everything(
        self, make_source: Callable[[], Source], agency: Agency | None
    ) -> None:
        """It is asked at every run, also when nothing has changed."""
        agency = self._needed(agency)
        if self.probe_reads_everything:
            pytest.skip("probe_reads_everything is True")
        source = make_source()
        for dataset in source.datasets():
            agency.served.clear()
            vintage = self._probed(source, dataset)
            probed = _parts(agency.served)
            payloads = self._fetched(source, dataset, vintage)
            if payloads and all(payload.body in probed for payload in payloads if payload.body):
                broken(
                    f"the probe of {dataset.name} downloads all {len(payloads)} payloads",
                    "ask something cheaper: a catalogue, a note, one cell, a HEAD or conditional "
                    "request; if the agency has nothing of the kind set `probe_reads_everything = "
                    "True` in the class",
                )
        source.close()

    # --- payloads --------------------------------------------------------------------------------

    def test_payloads_come_in_a_fixed_order_with_names_of_their_own(
        self, make_source: Callable[[], Source]
    ) -> None:
        """The same each time, on any day."""
        for dataset in self._datasets(make_source):
            first: list[tuple[Any, ...]] | None = None
            for days in _DAYS[:2]:
                source = make_source()
                with clock_moved(days, Author(source).modules()):
                    vintage = self._probed(source, dataset)
                    expected = source.requests(dataset, vintage)
                    payloads = self._fetched(source, dataset, vintage)
                source.close()
                self._look_right(payloads, dataset, expected)
                seen = [(p.name, p.body, p.media_type, dict(p.request)) for p in payloads]
                if first is not None and seen != first:
                    other = next((a for a, b in zip(seen, first, strict=False) if a != b), seen)
                    broken(
                        f"a second fetch of {dataset.name} brings something else, such as payload "
                        f"{other[0]!r}: its name, body, media type or request differ",
                        "fetch in a fixed order, and write no time and no number of the request into "
                        "name, body or request; `retrieved` is the place for the time",
                    )
                first = first or seen

    def test_payloads_are_what_the_agency_sent(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """Byte for byte, less the credentials."""
        agency = self._needed(agency)
        if not self.payloads_as_served:
            pytest.skip("payloads_as_served is False")
        source = make_source()
        for dataset in source.datasets():
            agency.served.clear()
            payloads = self._fetched(source, dataset, self._probed(source, dataset))
            served = _parts(agency.served)
            for payload in payloads:
                if payload.body not in served and not any(shows(body, canary) for body in served):
                    broken(
                        f"payload {payload.name} holds {len(payload.body):,} bytes that the agency "
                        "did not send",
                        "hand on `response.content` as it is; parsing, sorting, re-encoding and "
                        "leaving out is the normalizer's work, since Bronze keeps what arrived",
                    )
        source.close()

    def test_not_a_byte_is_mended(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """White space and signs that no encoding explains come along, or are refused."""
        agency = self._needed(agency)
        if not self.payloads_as_served:
            pytest.skip("payloads_as_served is False")
        for odd in (b"\r\n \n", b"\n\xe9\xff\n"):
            source = make_source()
            dataset = source.datasets()[0]
            vintage = self._probed(source, dataset)
            agency.served.clear()
            agency.fault = _with_more(odd)
            brought: list[Payload] = []
            with suppress(Exception), _quick(source):  # to refuse it is as well
                brought.extend(source.fetch(dataset, vintage))
            agency.fault = None
            source.close()
            for payload in brought:
                if payload.body not in _parts(agency.served) and not any(
                    shows(body, canary) for body in agency.served
                ):
                    broken(
                        f"the agency's answer ends with {odd!r}, and payload {payload.name} does not",
                        "hand on `response.content`, not `response.text` or what was read from it",
                    )

    def test_what_is_fetched_can_be_read(
        self, make_source: Callable[[], Source], normalizer: Normalizer | None
    ) -> None:
        """By the normalizer that belongs to it."""
        if normalizer is None:
            pytest.skip("the fixture `normalizer` is not overridden")
        source = make_source()
        for dataset in source.datasets():
            vintage = self._probed(source, dataset)
            payloads = self._fetched(source, dataset, vintage)
            with foreseen(
                f"normalizing what was fetched of {dataset.name}",
                "let the normalizer read what the source brings",
            ):
                table = seal(normalizer.normalize(dataset, payloads), dataset, vintage.id)
            if not len(table):
                broken(f"what was fetched of {dataset.name} holds no figure", "see the payloads")
            if self.serves_everything:
                self._whole(dataset, table)
        source.close()

    # --- the key ---------------------------------------------------------------------------------

    def test_the_key_is_shown_nowhere(
        self,
        make_source: Callable[[], Source],
        canary: str,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Not by the source, a vintage, a payload, a log line or a print."""
        source = make_source()
        with all_logs(caplog):
            self._hidden("repr(source)", f"{source!r} {source}", canary)
            for dataset in source.datasets():
                self._hidden("a dataset", repr(dataset) + repr(dataset.areas), canary)
                vintage = self._probed(source, dataset)
                self._hidden("a vintage", repr(vintage), canary)
                for payload in self._fetched(source, dataset, vintage):
                    self._payload_hides(payload, canary)
            self._hidden("notice or attribution", source.notice + source.attribution, canary)
            with _quick(source), foreseen("diagnose()", "return a Diagnosis for what is wrong"):
                found = list(source.diagnose())
            if not all(isinstance(one, Diagnosis) for one in found):
                broken("diagnose() gives something else than Diagnosis", "yield Diagnosis objects")
            self._hidden("diagnose()", repr(found), canary)
            source.close()
            self._hidden("repr(source) at its end", f"{source!r}", canary)
        self._quiet(caplog, capsys, canary)

    def test_a_key_that_the_agency_repeats_is_taken_out(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """Many agencies answer with what they were asked, the key included."""
        agency = self._needed(agency)
        self._once(make_source)
        if not any(shows(request.everything, canary) for request in agency.requests):
            pytest.skip("the source sends no key")
        if not self.agency_may_echo:
            pytest.skip("agency_may_echo is False")
        agency.fault = lambda _, answer: _with_echo(_with_echo(answer, canary), canary)
        try:
            brought = self._once(make_source)
        except StatpipeError as error:
            self._hidden("an exception", text_of(error), canary)
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
        """Not in its text, not in what caused it, not in a log."""
        agency = self._needed(agency)
        with all_logs(caplog):
            for what, fault in _faults(canary).items():
                for _, error in self._failures(make_source, agency, fault):
                    if error is not None and shows(text_of(error), canary):
                        broken(
                            f"when {what}, the exception shows the key: its text, its cause or its "
                            f"payload ({type(error).__name__})",
                            "write the text yourself, without the address, and end with `from None`: "
                            "what HTTP libraries raise quotes the address",
                        )
        self._quiet(caplog, capsys, canary)

    def test_the_key_goes_to_the_agency_alone(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """Not to where an answer sends us on."""
        agency = self._needed(agency)
        with LocalAgency() as other:
            elsewhere = other.url.replace("127.0.0.1", "localhost")
            away = Answer(b"", "text/plain", 302, {"Location": f"{elsewhere}/?on=1"})
            for _ in self._failures(make_source, agency, lambda *_: away):
                pass
            if any(shows(request.everything, canary) for request in other.requests):
                broken(
                    "the agency sends us on to another host, and the key goes there",
                    "do not follow redirects (`follow_redirects=False`), or only to the same host, and "
                    "say Rejected",
                )

    def test_without_its_key_it_says_which_variable_to_set(self, keyless: Source | None) -> None:
        """Before it asks anybody; what needs no key works all the same."""
        if keyless is None:
            return
        with foreseen("a source without its key", "ask for the key where it is sent"):
            dataset = keyless.datasets()[0]
        with watched(keyless) as watch:
            error = _raised(partial(keyless.probe, dataset))
        keyless.close()
        said = f"says {told(error)}" if error is not None else "goes on"
        if watch.first("network") or not isinstance(error, ConfigError):
            what = "asks the network" if watch.first("network") else said
            broken(
                f"without its key, the source {what}",
                "raise ConfigError that names the variable to set, before anything is asked",
            )

    # --- failures --------------------------------------------------------------------------------

    def test_an_agency_that_is_down_is_unavailable(
        self, make_source: Callable[[], Source], canary: str
    ) -> None:
        """No connection at all: run again later."""
        for dataset in self._datasets(make_source):
            source = make_source()
            with watched(source) as watch, _quick(source):
                error = _raised(partial(source.probe, dataset))
            source.close()
            if not watch.first("network"):
                return  # this source, as it is tested here, asks nobody
            self._is("there is no network", error, (Unavailable,), canary)

    def test_each_failure_says_what_to_do_next(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """Foreseen errors only, each in one line."""
        agency = self._needed(agency)
        for what, fault in _faults(canary).items():
            wanted: tuple[type[StatpipeError], ...] = (StatpipeError,)
            if any(sign in what for sign in ("closes", "50", "429")):
                wanted = (Unavailable,)
            if any(sign in what for sign in ("400", "401", "403")):
                wanted = (Rejected, ConfigError)
            if "cut off" in what:
                wanted = (Unavailable, ContentError)
            for when, error in self._failures(make_source, agency, fault):
                self._is(f"{what} {when}", error, wanted, canary)

    def test_it_does_not_wait_for_ever(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """An agency that takes the question and says nothing would hold up the run for hours."""
        self._needed(agency)
        with waits() as found:
            self._once(make_source)
        if found.endless:
            broken(
                "the source waits for an answer without an end",
                "give every request a time-out, such as httpx.Client(timeout=30)",
            )
        if not found.blocking:
            return
        for dataset in self._datasets(make_source):
            source = make_source()
            with waits(silent=True), _quick(source):
                error = _raised(partial(source.probe, dataset))
            source.close()
            self._is(
                "the agency takes the question and says nothing", error, (Unavailable,), canary
            )

    def test_it_gives_up(self, make_source: Callable[[], Source], agency: Agency | None) -> None:
        """An agency that is down is not asked for ever: the next run is tomorrow."""
        agency = self._needed(agency)
        patience = _Patience()
        for _ in self._failures(make_source, agency, patience):
            if patience.spent:
                broken(
                    f"the agency answers 503, and is asked {_MOST_ASKED} times and more",
                    "try again a few times (the library stamina does), then raise Unavailable",
                )

    def test_a_probe_that_hears_nonsense_is_refused(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """A page, an empty document: no release, and no other exception."""
        agency = self._needed(agency)
        for dataset in self._datasets(make_source):
            usual = self._probed(make_source(), dataset)
            for what, body in _NONSENSE.items():
                source = make_source()
                agency.fault = _instead(body)
                with _quick(source):
                    found: list[Vintage] = []
                    error = _raised(partial(_ask, source, dataset, found))
                agency.fault = None
                source.close()
                if error is not None:
                    self._is(f"the agency answers with {what}", error, (StatpipeError,), canary)
                elif found[0].released != usual.released:
                    broken(
                        f"the agency answers with {what}, and the probe says that {dataset.name} was "
                        f"released on {found[0].released}",
                        "raise ContentError if the answer does not name a release",
                    )

    def test_a_fetch_that_was_cut_short_is_made_good_by_the_next(
        self, make_source: Callable[[], Source], agency: Agency | None
    ) -> None:
        """Nothing is left behind that changes what comes."""
        undisturbed = [(p.name, p.body) for p in self._once(make_source)]
        source = make_source()
        dataset = source.datasets()[0]
        started = iter(source.fetch(dataset, self._probed(source, dataset)))
        with foreseen("the first payload of fetch()", "yield payloads"):
            next(started, None)
        source.close()
        if agency is not None:
            for _ in self._failures(make_source, agency, lambda *_: None):
                pass
        again = [(p.name, p.body) for p in self._once(make_source)]
        if again != undisturbed:
            broken(
                "after a fetch that was interrupted, the next one brings other payloads",
                "keep no state outside of the source object: no files, no globals",
            )

    def test_it_can_be_closed_whether_it_was_used_or_not(
        self, make_source: Callable[[], Source]
    ) -> None:
        """Also after a failure."""
        with foreseen("close() of a source that was not used", "close what was opened, if it was"):
            make_source().close()

    # --- how it is done --------------------------------------------------------------------------

    def _datasets(self, make_source: Callable[[], Source]) -> Sequence[Dataset]:
        source = make_source()
        datasets = source.datasets()
        source.close()
        return datasets

    def _probed(self, source: Source, dataset: Dataset) -> Vintage:
        __tracebackhide__ = True
        with foreseen(f"probe({dataset.name})", "let the local agency answer what the probe asks"):
            found = source.probe(dataset)
        if not isinstance(found, Vintage):
            broken(f"probe returned {type(found).__name__}", "return a statpipe.api.Vintage")
        if not isinstance(found.released, date):
            broken(
                f"the vintage's `released` is {found.released!r}",
                "give a datetime.date: date.fromisoformat(...) reads 2024-03-01",
            )
        return found

    def _fetched(self, source: Source, dataset: Dataset, vintage: Vintage) -> list[Payload]:
        __tracebackhide__ = True
        with foreseen(f"fetch({dataset.name})", "let the local agency answer what fetch() asks"):
            coming = source.fetch(dataset, vintage)
            if not isinstance(coming, Iterator):
                broken(
                    f"fetch returned {type(coming).__name__}, so everything is downloaded before the "
                    "first payload is kept",
                    "write fetch() with `yield Payload(...)`",
                )
            return list(coming)

    def _once(self, make_source: Callable[[], Source]) -> list[Payload]:
        """Do what a run does: probe and fetch everything; give the payloads."""
        source = make_source()
        try:
            with _quick(source):
                return [
                    payload
                    for dataset in source.datasets()
                    for payload in list(source.fetch(dataset, source.probe(dataset)))
                ]
        finally:
            source.close()

    def _whole(self, dataset: Dataset, table: Any) -> None:
        __tracebackhide__ = True
        there = {name: set(table[name].unique().to_pylist()) for name in ("ref_area", "category")}
        chosen = dataset.selection
        for what, name, entries, wanted in (
            ("area", "ref_area", dataset.areas, chosen.areas),
            ("category", "category", dataset.categories, chosen.categories),
        ):
            for code in (entry.code for entry in entries):
                if code not in there[name] and (wanted is None or code in wanted):
                    broken(
                        f"what was fetched of {dataset.name} holds nothing of the {what} {code}",
                        "ask for all that the dataset lists, page by page where the agency has pages; "
                        "if the local agency has no such figures, set `serves_everything = False`",
                    )

    def _look_right(
        self, payloads: Sequence[Payload], dataset: Dataset, expected: int | None
    ) -> None:
        __tracebackhide__ = True
        if not payloads:
            broken(f"fetch({dataset.name}) brings no payload", "yield each answer as a Payload")
        names = [payload.name for payload in payloads]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            broken(
                f"fetch({dataset.name}) brings several payloads named {twice[0]}",
                "name each by what was asked, such as T1-line-9 or T1-page-2",
            )
        if expected is not None and expected != len(payloads):
            broken(
                f"requests({dataset.name}) promises {expected} payloads, fetch brings {len(payloads)}",
                "return the number of payloads, or None where it is not known",
            )
        for payload in payloads:
            if not isinstance(payload.body, bytes):
                broken(f"the body of {payload.name} is no bytes", "hand on response.content")
            if payload.retrieved is not None and payload.retrieved.tzinfo is None:
                broken(f"`retrieved` of {payload.name} has no time zone", "take datetime.now(UTC)")
            if not payload.request:
                broken(
                    f"`request` of {payload.name} is empty",
                    "say what was asked (address and parameters, without the key): `statpipe explain "
                    "MODEL --area AREA --category CATEGORY --period PERIOD` shows it",
                )
            if not all(isinstance(part, str) for one in payload.request.items() for part in one):
                broken(f"`request` of {payload.name} holds more than texts", "use str() on values")

    def _code_lists(self, dataset: Dataset) -> None:
        __tracebackhide__ = True
        lists: tuple[tuple[str, Iterable[Any]], ...] = (
            ("area", dataset.areas),
            ("category", dataset.categories),
        )
        for what, entries in lists:
            codes = [entry.code for entry in entries]
            for code in codes:
                if codes.count(code) > 1:
                    broken(f"{dataset.name} lists the {what} {code} twice", "list each code once")
            for entry in entries:
                if entry.parent is not None and entry.parent not in codes:
                    broken(
                        f"{dataset.name}: the {what} {entry.code} is part of {entry.parent}, which is "
                        "not in the list",
                        "list the parent as well, or leave `parent` out",
                    )

    def _needed(self, agency: Agency | None) -> Agency:
        if agency is None:
            pytest.skip("the fixture `agency` is not overridden, so no answer can be disturbed")
        return agency

    def _failures(
        self, make_source: Callable[[], Source], agency: Agency, fault: Fault
    ) -> Iterator[tuple[str, BaseException | None]]:
        """Give what is raised when this happens to the probe, to fetch(), and in the middle of it."""
        for when, healthy in (("in the probe", None), ("in fetch()", 0), ("within fetch()", 1)):
            source, disturbed = make_source(), _From(fault, healthy or 0)
            try:
                with _quick(source):
                    dataset = source.datasets()[0]
                    vintage = None if healthy is None else source.probe(dataset)
                    agency.fault = disturbed
                    error = _raised(
                        partial(source.probe, dataset)
                        if vintage is None
                        else partial(_fetch_all, source, dataset, vintage)
                    )
            finally:
                agency.fault = None
                source.close()
            if disturbed.hits:
                yield when, error

    def _is(
        self,
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
                f"{what}, and the source goes on without a word",
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

    def _hidden(self, what: str, text: str, canary: str) -> None:
        __tracebackhide__ = True
        if shows(text, canary):
            broken(
                f"{what} shows the key",
                "keep the key as a statpipe.api.Secret, call reveal() only where it is sent, and "
                "leave it out of what others see",
            )

    def _payload_hides(self, payload: Payload, canary: str) -> None:
        __tracebackhide__ = True
        places: Mapping[str, str | bytes] = {
            "its name": payload.name,
            "its `request`": repr(dict(payload.request)),
            "its body": payload.body,
            "its repr": repr(payload),
        }
        for where, text in places.items():
            if shows(text, canary):
                broken(
                    f"payload {payload.name.replace(canary, '***')} shows the key: {where} holds it",
                    "write address and parameters into `request` without the key, and take it out of "
                    "the body where the agency repeats it",
                )

    def _quiet(
        self, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], canary: str
    ) -> None:
        __tracebackhide__ = True
        for record in caplog.records:
            text = record.getMessage() + repr(record.args) + str(record.exc_text or "")
            if shows(text, canary):
                broken(
                    f"a log line of {record.name} (level {record.levelname}) shows the key",
                    "log what was asked, not how: no address with parameters, no headers",
                )
        printed = capsys.readouterr()
        if shows(printed.out + printed.err, canary):
            broken("what is printed shows the key", "do not print; log without the key")


_NONSENSE = {
    "nothing": b"",
    "a web page": PAGE,
    "the JSON {}": b"{}",
    "the JSON []": b"[]",
    "binary": b"\x00\xff\xfe",
}


def _faults(canary: str) -> dict[str, Fault]:
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


def _instead(body: bytes) -> Fault:
    """Send another body. An answer to HEAD is its headers: they are left out."""
    return lambda request, answer: (
        evolve(answer, headers={}) if request.method == "HEAD" else evolve(answer, body=body)
    )


class _Patience:
    """An agency that is down, until it was asked too often; then it refuses."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, _: Request, __: Answer) -> Answer:
        self.asked += 1
        return Answer(b'{"error": "down"}', "application/json", 404 if self.spent else 503)

    @property
    def spent(self) -> bool:
        return self.asked > _MOST_ASKED


def _with_more(odd: bytes) -> Fault:
    return lambda _, answer: evolve(answer, body=answer.body + odd)


def _day(vintage: Vintage) -> str:
    return vintage.id


def _with_echo(answer: Answer, canary: str) -> Answer:
    body = answer.body
    if body.lstrip()[:1] == b"{" and body.lstrip()[1:].lstrip()[:1] != b"}":
        body = b'{"UserID":"' + canary.encode() + b'",' + body.lstrip()[1:]
    elif body.rstrip().endswith(b">"):
        body = body.rstrip() + f"<!-- {canary} -->".encode()
    elif b"\x00" not in body and body[:2] not in {b"PK", b"\x1f\x8b"}:
        body += f"\r\n{canary}\r\n".encode()
    return Answer(body, answer.media_type, answer.status, answer.headers)


def _parts(bodies: Iterable[bytes]) -> set[bytes]:
    """Give bodies as they were sent, and what was packed inside."""
    found = set(bodies)
    for body in list(found):
        if body[:2] == b"\x1f\x8b":
            found.add(gzip.decompress(body))
        elif body[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(body)) as members:
                found |= {members.read(name) for name in members.namelist()}
    return found


def _raised(work: Callable[[], object]) -> BaseException | None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever the author's code raises
        return error
    return None


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


def _quick(source: Source) -> AbstractContextManager[list[float]]:
    return quick_sleep(list(Author(source).modules()))


def _ask(source: Source, dataset: Dataset, found: list[Vintage]) -> None:
    found.append(source.probe(dataset))


def _fetch_all(source: Source, dataset: Dataset, vintage: Vintage) -> None:
    for _ in source.fetch(dataset, vintage):
        pass


def _seen(vintage: Vintage) -> str:
    return f"{vintage.released} {vintage.token[:12]}".strip()
