"""The interface that all channels share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from statpipe.api import ContentError, Dataset, Diagnosis, Payload, Selection, Vintage
from statpipe_bea.release import released


class Channel(ABC):
    """
    One way to get BEA's figures.
    """

    name: str
    notice = ""
    attribution = ""
    unreadable: Sequence[ContentError] = ()

    @abstractmethod
    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        """
        Return the releases that this channel offers, oldest first.
        """

    @abstractmethod
    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        """
        Return the payloads of a release.
        """

    def requests(self, dataset: Dataset, vintage: Vintage) -> int | None:  # noqa: ARG002
        """
        Return how many payloads :meth:`fetch` returns.
        """
        return None

    def waiting(self, requests: int) -> float:  # noqa: ARG002
        """
        Return how many seconds this number of requests must wait because of BEA's limits.
        """
        return 0.0

    @abstractmethod
    def diagnose(self) -> Iterable[Diagnosis]:
        """
        Describe this channel and what it needs.
        """

    def close(self) -> None:  # noqa: B027
        """
        Release connections.
        """


def vintage_of(
    note: str | None, token: str, selection: Selection, payload: Payload, place: str = "Notes"
) -> Vintage:
    """
    Return the vintage that BEA's note names.

    :raises ContentError: The note is missing, or has no date.
    """
    try:
        day = released(note or "")
    except ValueError as error:
        msg = f"payload {payload.name}: {error}; expected the note of the last update in {place}"
        raise ContentError(msg, payload=payload) from error
    return Vintage(released=day, note=note or "", token=token, selection=selection)
