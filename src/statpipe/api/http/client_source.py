"""A source with a client: all that its author writes is how the agency is asked."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from statpipe.api.http.client import Client
from statpipe.api.source import Source
from statpipe.domain.dataset import Dataset
from statpipe.domain.vintage import Vintage, undated


class ClientSource(Source):
    """
    A source of these *datasets* that sends requests with one *client*, ``self.client``.

    Write ``fetch``. If the agency dates its releases, or if a cheaper request shows whether anything
    changed, write ``probe`` as well::

        class TeaSource(ClientSource):
            def __init__(self, settings):
                super().__init__([TEA], Client(settings.url, agent="statpipe-tea", memory=1 << 24))

            def fetch(self, dataset, vintage):
                yield self.client.get("prices", name=dataset.name).payload()
    """

    def __init__(self, datasets: Sequence[Dataset], client: Client) -> None:
        self.client = client
        self._datasets = tuple(datasets)

    def datasets(self) -> Sequence[Dataset]:
        """
        Return the datasets that were given.
        """
        return self._datasets

    def probe(self, dataset: Dataset) -> Vintage:
        """
        Read what :meth:`fetch` reads: the agency gives no date, and any byte may have changed.

        Give the client a ``memory``, and nothing is requested twice. An answer that differs each time,
        because the time is in it, for example, needs a ``probe`` of your own.
        """
        read = sha256()
        for payload in self.fetch(dataset, undated("")):
            read.update(f"{payload.name} {payload.sha256}\n".encode())
        return undated(read.hexdigest())

    def close(self) -> None:
        """
        Close the client.
        """
        self.client.close()
