"""An agency in memory: a source of given releases, and a normalizer for its payloads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import frozen

from statpipe.api import (
    ContentError,
    Dataset,
    Normalizer,
    Payload,
    Source,
    Vintage,
    exact,
    observations_from_rows,
)

if TYPE_CHECKING:
    import pyarrow as pa

Cells = Mapping[tuple[str, str, str], str | None]
"""Area, category and period -> figure as printed, or ``None`` if the agency shows none."""

_COLUMNS = ("ref_area", "category", "time_period", "obs_value")


@frozen
class MemorySource(Source):
    """
    Publishes *releases*: name of the dataset -> date of the release -> figures.

    :meth:`probe` finds the latest; all can be fetched. A release is one payload, in JSON for
    :class:`MemoryNormalizer`.
    """

    given: Sequence[Dataset]
    releases: Mapping[str, Mapping[date, Cells]]

    def datasets(self) -> Sequence[Dataset]:
        """
        Return the given datasets.
        """
        return self.given

    def probe(self, dataset: Dataset) -> Vintage:
        """
        Return the latest release.
        """
        return self.vintages(dataset)[-1]

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        """
        Return all releases, oldest first.
        """
        return [
            Vintage(
                released=released,
                token=hashlib.sha256(_body(cells)).hexdigest(),
                selection=dataset.selection,
            )
            for released, cells in sorted(self.releases[dataset.name].items())
        ]

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        """
        Yield the release as one payload.
        """
        body = _body(self.releases[dataset.name][vintage.released])
        request = {"dataset": dataset.name, "released": str(vintage.released)}
        yield Payload(name=f"{dataset.name}-{vintage.released}", body=body, request=request)


class MemoryNormalizer(Normalizer):
    """
    Reads the payloads of :class:`MemorySource`.
    """

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        """
        Return the figures of the payloads.
        """
        if not payloads:
            msg = f"dataset {dataset.name}: no payloads; expected one a release"
            raise ContentError(msg)
        rows = [row for payload in payloads for row in _rows(payload)]
        return dataset.selection.rows_of(observations_from_rows(rows))


def _body(cells: Cells) -> bytes:
    rows = [dict(zip(_COLUMNS, (*key, text), strict=True)) for key, text in sorted(cells.items())]
    return json.dumps({"rows": rows}).encode()


def _rows(payload: Payload) -> list[dict[str, Any]]:
    try:
        rows = json.loads(payload.body)["rows"]
        read = [_row(**row) for row in rows]
    except (TypeError, KeyError, ValueError) as error:
        msg = f"payload {payload.name}: {error!r}; expected rows of {', '.join(_COLUMNS)}"
        raise ContentError(msg, payload=payload) from error
    if not read:
        msg = f"payload {payload.name}: rows is empty; expected at least one"
        raise ContentError(msg, payload=payload)
    return read


def _row(
    *, ref_area: str, category: str, time_period: str, obs_value: str | None
) -> dict[str, Any]:
    if not all(
        isinstance(text, str) for text in (ref_area, category, time_period, obs_value or "")
    ):
        msg = "something else than text"
        raise TypeError(msg)
    return {
        "ref_area": ref_area,
        "category": category,
        "time_period": time_period,
        "obs_value": None if obs_value is None else exact(obs_value),
        "obs_status": "O" if obs_value is None else "A",
    }
