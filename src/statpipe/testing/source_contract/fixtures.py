"""The fixtures for the author of a source: the source, the agency, and exceptions from the
rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import ClassVar, Protocol

import pytest

from statpipe.api import Normalizer, Source, StatpipeError, normalizer_at
from statpipe.testing.canary import CANARY
from statpipe.testing.local_agency import Fault, Request
from statpipe.testing.patience import InTime
from statpipe.testing.wording import missing, not_tested


class Agency(Protocol):
    """
    The interface that a local fake needs. :class:`statpipe.testing.LocalAgency` has it.
    """

    requests: list[Request]
    served: list[bytes]
    told: list[Mapping[str, str]]
    fault: Fault | None


class SourceFixtures(InTime):
    """
    The fixtures of source tests; :class:`SourceContract` says which ones to override.
    """

    probe_reads_everything: ClassVar[bool] = False
    payloads_as_served: ClassVar[bool] = True
    agency_may_echo: ClassVar[bool] = True
    serves_everything: ClassVar[bool] = False
    names_its_date: ClassVar[bool] = True
    keeps_files: ClassVar[bool] = False

    @pytest.fixture
    def canary(self) -> str:
        """
        The key that must not be visible anywhere. Override it if the source only accepts keys of a
        certain form.
        """
        return CANARY

    @pytest.fixture
    def agency(self) -> Agency | None:
        """Override: the agency on this machine, with its answers."""
        return None

    @pytest.fixture
    def make_source(self) -> Callable[[], Source]:
        """Override: a function that makes a new source with the canary as its key."""
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
    def normalizer(self, source: Source) -> Normalizer | None:
        """
        Override, if you like: the normalizer of the payloads. One that datasets name by its path is
        found automatically.
        """
        places = {dataset.normalizer for dataset in source.datasets()}
        place = places.pop() if len(places) == 1 else ""
        return normalizer_at(place) if ":" in place else None

    @pytest.fixture
    def refusals(self) -> Mapping[bytes, type[StatpipeError]] | None:
        """Override: answers with status 200 that refuse, and the error that each has to become."""
        return None

    @pytest.fixture
    def released(self) -> date | None:
        """Override, if you like: the date in the agency's answers."""
        return None

    @pytest.fixture
    def revise(self) -> Callable[[], object] | None:
        """Override, if you like: a function that lets the agency publish other figures."""
        return None

    @pytest.fixture
    def revise_quietly(self) -> Callable[[], object] | None:
        """
        Override, if you like: a function that lets the agency silently change one figure, a
        different one each time.
        """
        return None


def needed(agency: Agency | None) -> Agency:
    """
    Return the agency; skip the test if there is none.
    """
    if agency is None:
        not_tested(
            "no answer of the agency can be disturbed",
            "the fixture `agency`: a LocalAgency that answers what the source asks",
        )
    return agency
