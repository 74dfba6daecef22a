"""Which release there is: its day, its token, and the probe that finds it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import attrs

from statpipe.api import Source, StatpipeError, Vintage
from statpipe.testing.author import Author
from statpipe.testing.clock import clock_moved, time_zone
from statpipe.testing.source_contract.asking import datasets_of, fetch, probe, quick
from statpipe.testing.source_contract.days import DAYS, ZONES
from statpipe.testing.source_contract.fixtures import Agency, SourceFixtures, needed
from statpipe.testing.source_contract.printed_days import names_day
from statpipe.testing.source_contract.served import parts
from statpipe.testing.wording import broken, not_tested

_QUIETLY = 3
"""The number of figures that are changed, one after the other."""


def _without_our_day(vintage: Vintage) -> Vintage:
    """
    Return a vintage without the day of the request, which says nothing about the release if the
    agency gives no date.
    """
    if vintage.basis != "observed":
        return vintage
    return attrs.evolve(vintage, released=date.min)


class Vintages(SourceFixtures):
    """
    Which release there is: its day, its token, and the probe that finds it.
    """

    def test_the_same_release_is_the_same_vintage_on_any_day(
        self, make_source: Callable[[], Source]
    ) -> None:
        """
        Its date and token come from the agency and never from our clock. If the agency gives no
        date, only the token identifies it.
        """
        for dataset in datasets_of(make_source):
            first: Vintage | None = None
            for days, zone in zip(DAYS, ZONES, strict=True):
                source = make_source()
                with time_zone(zone), clock_moved(days, Author(source).modules()):
                    today = date.today()  # noqa: DTZ011 - what a careless source would take
                    found = _without_our_day(probe(source, dataset))
                source.close()
                if found.basis != "observed" and days and abs((found.released - today).days) <= 1:
                    broken(
                        f"the clock is set to {today}, and the probe says that {dataset.name} was "
                        f"released on {found.released}",
                        "take `released` from what the agency says (a note, a field, Last-Modified); "
                        "where it gives no date, return statpipe.api.undated(token)",
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

    def test_the_release_has_the_date_from_the_agency(
        self, make_source: Callable[[], Source], released: date | None
    ) -> None:
        """Neither the day before in another time zone, nor the first day of the month."""
        for dataset in datasets_of(make_source):
            source = make_source()
            found = probe(source, dataset)
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

    def test_the_date_occurs_in_the_agencys_answers(
        self, make_source: Callable[[], Source], agency: Agency | None
    ) -> None:
        """
        A date that is not in the answers is made up: such a vintage is `observed`, or dated by the
        service.
        """
        agency = needed(agency)
        if not self.names_its_date:
            not_tested("names_its_date is False", "leave it out where the agency prints its date")
        for dataset in datasets_of(make_source):
            source = make_source()
            found = probe(source, dataset)
            source.close()
            days = [found.released, *([found.released_at.date()] if found.released_at else [])]
            heard = [body.decode("latin-1") for body in parts(agency.served)]
            heard += [str(value) for told in getattr(agency, "told", ()) for value in told.values()]
            if found.basis == "agency" and not any(names_day(heard, day) for day in days):
                broken(
                    f"the probe says that {dataset.name} was released on {found.released}, and no answer and no "
                    "header of the agency has that day",
                    "take the day that it prints; where it prints none, return statpipe.api.undated(token), or set "
                    'basis="service" where its service says when it updated the data; where it writes its date '
                    "in a way of its own, set `names_its_date = False` in the class",
                )

    def test_an_undated_change_changes_the_token(
        self, make_source: Callable[[], Source], revise_quietly: Callable[[], object] | None
    ) -> None:
        """
        Without a date, only the token identifies a release, so it must depend on every figure.
        """
        known = {d.name: probe(make_source(), d) for d in datasets_of(make_source)}
        undated = [name for name, one in known.items() if one.basis == "observed"]
        if not undated:
            return  # the agency's date identifies it
        if revise_quietly is None:
            not_tested(
                f"whether the token of {undated[0]}, which nobody dates, changes with each figure",
                "the fixture `revise_quietly`: a function that lets the agency change one figure, each time "
                "another one",
            )
        for _ in range(_QUIETLY):
            revise_quietly()
            after = {d.name: probe(make_source(), d) for d in datasets_of(make_source)}
            if all(after[name].token == known[name].token for name in undated):
                broken(
                    "the agency changed a figure, it gives no date, and the token has not changed",
                    "hash into `token` what changes with every figure (an ETag, or all that is answered), and not "
                    "one series",
                )
            known = after

    def test_the_probe_notices_changed_figures(
        self, make_source: Callable[[], Source], revise: Callable[[], object] | None
    ) -> None:
        """A change by the agency changes the vintage."""
        if revise is None:
            not_tested(
                "whether the probe sees other figures",
                "the fixture `revise`: a function that lets the agency publish its next release",
            )
        before = {d.name: probe(make_source(), d) for d in datasets_of(make_source)}
        revise()
        after = {d.name: probe(make_source(), d) for d in datasets_of(make_source)}
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

    def test_figures_of_the_next_release_are_not_mixed_in(
        self, make_source: Callable[[], Source], revise: Callable[[], object] | None
    ) -> None:
        """
        It may be published between probe and fetch, and would stay permanently under the old date.
        """
        if revise is None:
            not_tested(
                "what fetch() does when a release comes between it and the probe",
                "the fixture `revise`: a function that lets the agency publish its next release",
            )
        source, known = make_source(), {}
        for dataset in source.datasets():
            vintage = probe(source, dataset)
            bodies = [payload.body for payload in fetch(source, dataset, vintage)]
            known[dataset.name] = dataset, vintage, bodies
        source.close()
        revise()
        for dataset, vintage, before in known.values():
            source = make_source()
            if probe(source, dataset).released != vintage.released:
                after: list[bytes] = []
                with quick(source), suppress(StatpipeError):
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
        """It is called in every run, even if nothing has changed."""
        agency = needed(agency)
        if self.probe_reads_everything:
            not_tested(
                "probe_reads_everything is True", "leave it out where there is a cheaper question"
            )
        source = make_source()
        for dataset in source.datasets():
            agency.served.clear()
            vintage = probe(source, dataset)
            probed = parts(agency.served)
            payloads = fetch(source, dataset, vintage)
            if payloads and all(payload.body in probed for payload in payloads if payload.body):
                broken(
                    f"the probe of {dataset.name} downloads all {len(payloads)} payloads",
                    "ask something cheaper: a catalogue, a note, one cell, a HEAD or conditional "
                    "request; if the agency has nothing of the kind set `probe_reads_everything = "
                    "True` in the class",
                )
        source.close()


def _day(vintage: Vintage) -> str:
    return vintage.id


def _seen(vintage: Vintage) -> str:
    return f"{vintage.released} {vintage.token[:12]}".strip()
