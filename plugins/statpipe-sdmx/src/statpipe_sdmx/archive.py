"""All releases that a service has kept of its flows (``includeHistory``)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import attrs
from attrs import frozen

from statpipe.api import ContentError, Dataset, Payload, Source, Vintage
from statpipe_sdmx.asking import Asking
from statpipe_sdmx.data import read_data
from statpipe_sdmx.fingerprint import fingerprint
from statpipe_sdmx.history import AS_OF, releases
from statpipe_sdmx.normalizer import structure_in
from statpipe_sdmx.observations import together
from statpipe_sdmx.selection import periods_in, selection_of
from statpipe_sdmx.settings import SdmxSettings


@frozen(kw_only=True)
class _Published:
    """All releases of one flow: its structure, its messages, its vintages."""

    structure: Payload
    messages: Sequence[Payload]
    vintages: Sequence[Vintage]


class SdmxArchive(Source):
    """
    The earlier vintages of flows, each dated by the time since which it was valid.

    A flow is requested once. The answer is a payload with all its vintages, and is in Bronze once.
    The structure of each vintage says which time it represents.
    """

    def __init__(self, settings: SdmxSettings, asking: Asking, flows: dict[str, Dataset]) -> None:
        self._settings = settings
        self._asking = asking
        self._flows = flows
        self._known: dict[str, _Published] = {}

    def datasets(self) -> Sequence[Dataset]:
        return list(self._flows.values())

    def probe(self, dataset: Dataset) -> Vintage:
        return self.vintages(dataset)[-1]

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        return self._published(dataset).vintages

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        published = self._published(dataset)
        at = vintage.released_at.isoformat() if vintage.released_at else ""
        structure = published.structure
        name = f"{structure.name}-{at.replace(':', '')}"
        yield attrs.evolve(structure, name=name, request={**structure.request, AS_OF: at})
        yield from published.messages

    def close(self) -> None:
        self._asking.close()

    def _published(self, dataset: Dataset) -> _Published:
        if dataset.name not in self._known:
            self._known = {dataset.name: self._asked(dataset)}
        return self._known[dataset.name]

    def _asked(self, dataset: Dataset) -> _Published:
        flow, told = dataset.title, self._settings
        payload = self._asking.structure(flow, dataset.name)
        structure, area = structure_in(dataset, payload)
        name = f"{dataset.name}-history"
        messages = self._asking.messages(flow, name, structure, history=True)
        payloads = [one.payload for one in messages]
        table = together([read_data(one) for one in payloads])
        selection = selection_of(structure, area, told.key)
        if told.start or told.end:
            selection = attrs.evolve(selection, periods=periods_in(table))
        try:
            found = releases(table)
        except ValueError as error:
            msg = f"payload {payloads[0].name}: {error}"
            raise ContentError(msg, payload=payloads[0]) from None
        vintages, said = [], structure.digest(area)
        for at, rows in found.items():
            # If an older release changes, the hash of this one changes, too.
            said = hashlib.sha256(
                f"{said} {at.timestamp()} {fingerprint(rows)}".encode()
            ).hexdigest()
            if at <= datetime.now(UTC):
                vintages.append(
                    Vintage(
                        released=at.date(),
                        released_at=at.astimezone(UTC),
                        basis="service",
                        token=said,
                        selection=selection,
                    )
                )
        return _Published(structure=payload, messages=payloads, vintages=vintages)
