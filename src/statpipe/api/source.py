"""The role that finds vintages and fetches payloads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from statpipe.api.diagnosis import Diagnosis
from statpipe.domain.dataset import Dataset
from statpipe.domain.errors import ConfigError, ContentError, Unavailable
from statpipe.domain.payload import Payload
from statpipe.domain.vintage import Vintage


class Source(ABC):
    """
    An agency's publications. The only role that reads the network.

    No credential ever leaves a source: not in a payload, a ``repr``, a log line or an exception.
    One object serves one run; an archive serves all runs of a backfill.
    """

    @property
    def notice(self) -> str:
        """
        Notice for readers of the figures, such as that they are a bundled sample.
        """
        return ""

    @property
    def attribution(self) -> str:
        """
        The attribution that the agency requires.
        """
        return ""

    @property
    def at_once(self) -> int:
        """
        How many datasets may be probed at the same time, each in a thread of its own.
        """
        return 1

    @abstractmethod
    def datasets(self) -> Sequence[Dataset]:
        """
        Return the datasets that are configured, with the selection of each. No network.
        """

    @abstractmethod
    def probe(self, dataset: Dataset) -> Vintage:
        """
        Send the cheapest request that shows whether anything changed.

        :raises Unavailable: The agency cannot be reached now.
        :raises Rejected: It refuses the request.
        :raises ContentError: The answer has an unexpected format.
        """

    @abstractmethod
    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        """
        Fetch the payloads of this vintage, in a fixed order. Raises what :meth:`probe` raises.
        """

    def refuse_newer(self, dataset: Dataset, vintage: Vintage) -> None:
        """
        Probe again at the end of :meth:`fetch`: figures of a release that appeared meanwhile must
        not be stored under the previous release's date.

        :raises Unavailable: A release appeared meanwhile.
        """
        if self.probe(dataset).token != vintage.token:
            msg = f"{dataset.name} was updated while it was being fetched; run again"
            raise Unavailable(msg)

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        """
        Return every vintage that can be fetched, oldest first; an archive has several.
        """
        return [self.probe(dataset)]

    @property
    def agency(self) -> str:
        """
        Name the agency. Sources of the same agency never send requests at the same time, because
        they share its limits. If this is empty, all sources of one plugin share them.
        """
        return ""

    def waiting(self, requests: int) -> float:  # noqa: ARG002
        """
        Estimate how many seconds this many requests must wait for the agency's limits. No network.
        """
        return 0.0

    @property
    def keeps_history(self) -> bool:
        """
        Whether the agency itself serves its older vintages: :meth:`archive` without places returns them.
        """
        return False

    def archive(self, places: Sequence[str]) -> Source:
        """
        Return a source of the older vintages in these places (folders, files, URLs). Only a source
        that :attr:`keeps_history` is called without places.

        It has the same datasets. Its :meth:`vintages` may be empty, and omits what
        :meth:`unreadable` reports.

        :raises ConfigError: The source reads no archives.
        """
        msg = f"source {type(self).__name__} cannot read archives such as {', '.join(places)}"
        raise ConfigError(msg)

    def unreadable(self) -> Sequence[ContentError]:
        """
        Return the unreadable parts of an archive, each with its payload, after :meth:`vintages` was
        called.
        """
        return ()

    def requests(self, dataset: Dataset, vintage: Vintage) -> int | None:  # noqa: ARG002
        """
        Return how many payloads :meth:`fetch` will return, or ``None`` if unknown.
        """
        return None

    def smallest(self, dataset: Dataset) -> Dataset:
        """
        Return the dataset narrowed to the smallest possible request, for a smoke run.
        """
        return dataset

    def diagnose(self) -> Iterable[Diagnosis]:
        """
        Check what this source needs, for ``statpipe doctor``.
        """
        return ()

    def close(self) -> None:  # noqa: B027
        """
        Close connections. Called once, even after a failure.
        """
