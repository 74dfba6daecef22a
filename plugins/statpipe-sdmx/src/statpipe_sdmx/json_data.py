"""SDMX-JSON, 1.0 and 2.0, as columns of text.

Codes are listed once, and keys count in these lists::

    "dimensions": {"series": [{"id": "FREQ", "values": [{"id": "D"}]}, ...], "observation": [...]}
    "dataSets": [{"series": {"0:1:0": {"attributes": [0], "observations": {"0": [1.0921, 0]}}}}]

An observation is its measures, then the places of its attributes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from statpipe.api import ContentError, Payload
from statpipe_sdmx.actions import ACTION
from statpipe_sdmx.history import FROM, TO
from statpipe_sdmx.observations import Observations

if TYPE_CHECKING:
    import pyarrow as pa


def read_json(payload: Payload) -> pa.Table:
    """
    Return the observations of a message: a column of text for each dimension, attribute and measure.

    Figures keep the digits that the message has.

    :raises ContentError: It is no SDMX-JSON with data.
    """
    observations = Observations()
    try:
        document = json.loads(payload.body, parse_float=str, parse_int=str)
        data = document.get("data", document)
        structures = data.get("structures") or [data["structure"]]
        for dataset in data["dataSets"]:
            structure = structures[int(dataset.get("structure", 0))]
            for shared, own in _read(dataset, structure):
                if shared is not None:
                    observations.begin_series(shared)
                else:
                    observations.add(own)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        msg = f"payload {payload.name}: {error!r}; expected SDMX-JSON with data"
        raise ContentError(msg, payload=payload) from None
    return observations.table()


_TECHNICAL = {"action": ACTION, "validFrom": FROM, "validTo": TO}

Step = tuple[dict[str, str] | None, dict[str, str]]
"""Either what holds for the observations that follow, or an observation."""


def _read(dataset: Mapping[str, Any], structure: Mapping[str, Any]) -> Iterator[Step]:
    dimensions, attributes = structure["dimensions"], structure.get("attributes", {})
    measures = (structure.get("measures") or {}).get("observation") or [{"id": "OBS_VALUE"}]
    names = [one["id"] for one in measures]
    whole = dict(_coded(dimensions.get("dataSet", ()), None))
    whole |= dict(_coded(attributes.get("dataSet", ()), dataset.get("attributes")))
    whole |= {column: str(dataset[name]) for name, column in _TECHNICAL.items() if name in dataset}

    def observed(found: Mapping[str, Sequence[Any]]) -> Iterator[Step]:
        for key, values in found.items():
            own = dict(_coded(dimensions["observation"], key.split(":")))
            own |= dict(zip(names, map(_text, values), strict=False))
            own |= dict(_coded(attributes.get("observation", ()), values[len(names) :]))
            yield None, {name: text for name, text in own.items() if text is not None}

    yield whole, {}
    yield from observed(dataset.get("observations") or {})
    for key, series in (dataset.get("series") or {}).items():
        shared = whole | dict(_coded(dimensions["series"], key.split(":")))
        shared |= dict(_coded(attributes.get("series", ()), series.get("attributes")))
        yield shared, {}
        yield from observed(series.get("observations") or {})


def _coded(
    items: Sequence[Mapping[str, Any]], places: Sequence[Any] | None
) -> Iterator[tuple[str, str]]:
    """Give what places in the lists of values mean; without places, what each list's only value is."""
    if places is not None and len(places) < len(items):
        items = [one for one in items if one["values"]]  # some services leave out what never occurs
    for number, item in enumerate(items):
        place = "0" if places is None else places[number] if number < len(places) else None
        if place is None or (places is None and not item["values"]):
            continue
        if isinstance(place, dict | list) or not str(place).isdigit():
            yield item["id"], _text(place) or ""
            continue
        value = item["values"][int(place)]
        text = None if value is None else value.get("id", value.get("value", value.get("name")))
        if text is not None:
            yield item["id"], str(text)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
