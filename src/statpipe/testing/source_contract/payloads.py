"""What fetch() brings: the agency's answers as they are, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from statpipe.api import Dataset, Normalizer, Payload, Source
from statpipe.domain.seal import seal
from statpipe.testing.author import Author
from statpipe.testing.canary import shows
from statpipe.testing.clock import clock_moved
from statpipe.testing.source_contract.asking import datasets_of, fetch, probe, quick
from statpipe.testing.source_contract.days import DAYS
from statpipe.testing.source_contract.faults import From, asked_by_fetch, with_more
from statpipe.testing.source_contract.fixtures import Agency, SourceFixtures, needed
from statpipe.testing.source_contract.served import parts
from statpipe.testing.wording import broken, foreseen, not_tested


class Payloads(SourceFixtures):
    """
    What fetch() brings: the agency's answers as they are, in a fixed order.
    """

    def test_payloads_have_a_fixed_order_and_unique_names(
        self, make_source: Callable[[], Source]
    ) -> None:
        """The same in each call, on any day."""
        for dataset in datasets_of(make_source):
            first: list[tuple[Any, ...]] | None = None
            for days in DAYS[:2]:
                source = make_source()
                with clock_moved(days, Author(source).modules()):
                    vintage = probe(source, dataset)
                    expected = source.requests(dataset, vintage)
                    payloads = fetch(source, dataset, vintage)
                source.close()
                _look_right(payloads, dataset, expected)
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
        """Byte for byte, without the credentials."""
        agency = needed(agency)
        if not self.payloads_as_served:
            not_tested("payloads_as_served is False", "leave it out where answers are payloads")
        source = make_source()
        for dataset in source.datasets():
            agency.served.clear()
            payloads = fetch(source, dataset, probe(source, dataset))
            served = parts(agency.served)
            for payload in payloads:
                if payload.body not in served and not any(shows(body, canary) for body in served):
                    broken(
                        f"payload {payload.name} holds {len(payload.body):,} bytes that the agency "
                        "did not send",
                        "pass on `response.content` unchanged; parsing, sorting, re-encoding and "
                        "leaving out is the normalizer's work, since Bronze keeps what arrived",
                    )
        source.close()

    def test_no_byte_is_changed(
        self, make_source: Callable[[], Source], agency: Agency | None, canary: str
    ) -> None:
        """White space and undecodable bytes are kept or refused."""
        agency = needed(agency)
        if not self.payloads_as_served:
            not_tested("payloads_as_served is False", "leave it out where answers are payloads")
        for number in range(len(datasets_of(make_source))):
            asked = asked_by_fetch(make_source, agency, number)
            for healthy in sorted({0, asked - 1}):
                for odd in (b"\r\n \n", b"\n\xe9\xff\n"):
                    _not_mended(
                        make_source,
                        agency,
                        canary,
                        number=number,
                        fault=From(with_more(odd), healthy, 1),
                        odd=odd,
                    )

    def test_fetched_payloads_can_be_read(
        self, make_source: Callable[[], Source], normalizer: Normalizer | None
    ) -> None:
        """By the source's normalizer."""
        if normalizer is None:
            not_tested(
                "whether what is fetched can be read",
                "the fixture `normalizer`: the normalizer that belongs to the source",
            )
        source = make_source()
        for dataset in source.datasets():
            vintage = probe(source, dataset)
            payloads = fetch(source, dataset, vintage)
            with foreseen(
                f"normalizing what was fetched of {dataset.name}",
                "let the normalizer read what the source brings",
            ):
                described = normalizer.describe(dataset, payloads)
                table = seal(normalizer.normalize(described, payloads), described, vintage.id)
            if not len(table):
                broken(f"what was fetched of {dataset.name} holds no figure", "see the payloads")
            if self.serves_everything:
                _whole(dataset, table)
        source.close()


def _not_mended(
    make_source: Callable[[], Source],
    agency: Agency,
    canary: str,
    *,
    number: int,
    fault: From,
    odd: bytes,
) -> None:
    __tracebackhide__ = True
    source = make_source()
    dataset = source.datasets()[number]
    agency.served.clear()
    vintage = probe(source, dataset)
    remembered = parts(agency.served)  # what the probe has read may be reused
    agency.served.clear()
    agency.fault = fault
    brought: list[Payload] = []
    with suppress(Exception), quick(source):  # refusing it is also fine
        brought.extend(source.fetch(dataset, vintage))
    agency.fault = None
    source.close()
    for payload in brought:
        served = parts(agency.served)
        if payload.body in remembered and payload.body + odd not in served:
            continue
        if payload.body not in served and not any(shows(body, canary) for body in agency.served):
            broken(
                f"the agency's answer ends with {odd!r}, and payload {payload.name} does not",
                "hand on `response.content`, not `response.text` or what was read from it",
            )


def _whole(dataset: Dataset, table: Any) -> None:
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


def _look_right(payloads: Sequence[Payload], dataset: Dataset, expected: int | None) -> None:
    __tracebackhide__ = True
    if not payloads:
        broken(f"fetch({dataset.name}) returns no payload", "yield each answer as a Payload")
    names = [payload.name for payload in payloads]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        broken(
            f"fetch({dataset.name}) returns several payloads named {twice[0]}",
            "name each by what was asked, such as T1-line-9 or T1-page-2",
        )
    if expected is not None and expected != len(payloads):
        broken(
            f"requests({dataset.name}) promises {expected} payloads, fetch brings {len(payloads)}",
            "return the number of payloads, or None where it is not known",
        )
    for payload in payloads:
        if not isinstance(payload.body, bytes):
            broken(f"the body of {payload.name} is not bytes", "pass on response.content")
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
