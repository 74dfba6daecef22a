"""The role that finds vintages and brings payloads."""

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
        What a reader of the figures must know first, such as that they are a bundled sample.
        """
        return ""

    @property
    def attribution(self) -> str:
        """
        What the agency asks its users to print.
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
        Ask the cheapest question that tells whether anything changed.

        :raises Unavailable: The agency cannot be reached now.
        :raises Rejected: It refuses the request.
        :raises ContentError: The answer is not what it should be.
        """

    @abstractmethod
    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        """
        Bring the payloads of this vintage, in a fixed order. Raises what :meth:`probe` raises.
        """

    def refuse_newer(self, dataset: Dataset, vintage: Vintage) -> None:
        """
        Probe once more, at the end of :meth:`fetch`: figures of a release that came in between must not be stored under the
        date of the one before.

        :raises Unavailable: It did.
        """
        if self.probe(dataset).token != vintage.token:
            msg = f"{dataset.name} was published anew while it was fetched; run again"
            raise Unavailable(msg)

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        """
        Return every vintage that can be fetched, oldest first. An archive has several.
        """
        return [self.probe(dataset)]

    @property
    def agency(self) -> str:
        """
        Name whoever is asked. Sources of one agency never ask at the same time: its limits are for all of
        them together. Where this is empty, that are all sources of one plugin.
        """
        return ""

    def waiting(self, requests: int) -> float:  # noqa: ARG002
        """
        Return about how many seconds so many requests must wait for the agency's limits. No network.
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
        Return a source of the older vintages that lie in these places (folders, files, addresses). No places
        are given only to a source that :attr:`keeps_history`.

        It has the same datasets. Its :meth:`vintages` may be empty, and leave out what
        :meth:`unreadable` then names.

        :raises ConfigError: The source reads no archives.
        """
        msg = (
            f"source {type(self).__name__} reads no archives; name a source that does instead of "
            f"{', '.join(places)}"
        )
        raise ConfigError(msg)

    def unreadable(self) -> Sequence[ContentError]:
        """
        Return what of an archive cannot be read, each with its payload, once :meth:`vintages` was asked.
        """
        return ()

    def requests(self, dataset: Dataset, vintage: Vintage) -> int | None:  # noqa: ARG002
        """
        Return how many payloads :meth:`fetch` will bring, or ``None`` where that is not known.
        """
        return None

    def smallest(self, dataset: Dataset) -> Dataset:
        """
        Return the dataset narrowed to the least that can be asked for, for a smoke run.
        """
        return dataset

    def diagnose(self) -> Iterable[Diagnosis]:
        """
        Look at what this source needs, for ``statpipe doctor``.
        """
        return ()

    def close(self) -> None:  # noqa: B027
        """
        Release connections. Called once, also after a failure.
        """
