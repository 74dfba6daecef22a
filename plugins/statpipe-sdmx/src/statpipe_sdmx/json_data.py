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
from statpipe_sdmx.history import FROM, SET, TO
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
        for number, dataset in enumerate(data["dataSets"], 1):
            structure = structures[int(dataset.get("structure", 0))]
            for shared, own in _read(dataset, structure, str(number)):
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


def _read(dataset: Mapping[str, Any], structure: Mapping[str, Any], number: str) -> Iterator[Step]:
    dimensions, attributes = structure["dimensions"], structure.get("attributes") or {}
    measures = (structure.get("measures") or {}).get("observation") or [{"id": "OBS_VALUE"}]
    whole = dict(_coded(dimensions.get("dataSet") or (), None))
    whole |= dict(_coded(attributes.get("dataSet") or (), dataset.get("attributes")))
    whole |= {column: str(dataset[name]) for name, column in _TECHNICAL.items() if name in dataset}
    whole |= {SET: number} if FROM in whole or TO in whole else {}
    groups = _groups(dataset, structure)
    above = _ids(dimensions, "dataSet", "series")
    of_series = [one for one in groups if above.issuperset(one[0])]
    of_observations = [one for one in groups if one not in of_series]

    def observed(found: Mapping[str, Sequence[Any]], shared: Mapping[str, str]) -> Iterator[Step]:
        for key, values in found.items():
            own = dict(_coded(dimensions["observation"], key.split(":")))
            if of_observations:
                own |= _told(of_observations, {**shared, **own})
            own |= dict(_coded(measures, values[: len(measures)]))
            own |= dict(_coded(attributes.get("observation") or (), values[len(measures) :]))
            yield None, own

    yield whole | _told(of_series, whole), {}
    yield from observed(dataset.get("observations") or {}, whole)
    for key, series in (dataset.get("series") or {}).items():
        shared = whole | dict(_coded(dimensions["series"], key.split(":")))
        shared |= _told(of_series, shared)
        shared |= dict(_coded(attributes.get("series") or (), series.get("attributes")))
        yield shared, {}
        yield from observed(series.get("observations") or {}, shared)


Group = tuple[tuple[str, ...], dict[tuple[str, ...], dict[str, str]]]
"""Some dimensions, and the attributes of each combination of their codes."""


def _groups(dataset: Mapping[str, Any], structure: Mapping[str, Any]) -> list[Group]:
    """
    Give the attributes of parts of the key: a slot for each dimension, empty where it may be any::

        "dimensionGroupAttributes": {":0::": [3, null]}
    """
    told = dataset.get("dimensionGroupAttributes") or {}
    items = (structure.get("attributes") or {}).get("dimensionGroup") or ()
    dimensions = structure["dimensions"]
    listed = [one for level in ("series", "observation") for one in dimensions.get(level) or ()]
    found: dict[tuple[str, ...], dict[tuple[str, ...], dict[str, str]]] = {}
    for key, places in told.items():
        slots = key.split(":")
        if len(slots) > len(listed):
            listed = [*(dimensions.get("dataSet") or ()), *listed]
            listed.sort(key=lambda one: int(one.get("keyPosition", 0)))
        set_ones = [
            (one, slot) for one, slot in zip(listed, slots, strict=False) if slot not in {"", "~"}
        ]
        codes = dict(_coded([one for one, _ in set_ones], [slot for _, slot in set_ones]))
        of_these = found.setdefault(tuple(codes), {})
        of_these.setdefault(tuple(codes.values()), {}).update(_coded(items, places))
    return list(found.items())


def _told(groups: Sequence[Group], values: Mapping[str, str]) -> dict[str, str]:
    told: dict[str, str] = {}
    for names, said in groups:
        if values.keys() >= set(names):
            told |= said.get(tuple(values[name] for name in names), {})
    return told


def _ids(dimensions: Mapping[str, Any], *levels: str) -> set[str]:
    return {one["id"] for level in levels for one in dimensions.get(level) or ()}


def _coded(
    items: Sequence[Mapping[str, Any]], places: Sequence[Any] | None
) -> Iterator[tuple[str, str]]:
    """Give what places in the lists of values mean; without places, what each list's only value is."""
    if places is not None and len(places) < len(items):
        # Some services leave out what never occurs.
        items = [one for one in items if one.get("values") != []]
    for number, item in enumerate(items):
        place = "0" if places is None else places[number] if number < len(places) else None
        listed = item.get("values") or ()
        if place is None or (places is None and not listed):
            continue
        if not listed or not isinstance(place, str) or not place.isdigit():
            text = _text(place)  # not coded
        else:
            text = _text(listed[int(place)])
        if text is not None:
            yield item["id"], text


def _text(value: Any) -> str | None:
    """Give a value as text: the code or the value of an entry, one of several languages, all of a list."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(text for text in map(_text, value) if text)
    if not isinstance(value, dict):
        return str(value).lower()  # true and false
    for name in ("id", "value", "values", "name", "en"):
        if value.get(name) is not None:
            return _text(value[name])
    return next((text for text in map(_text, value.values()) if text), None)
