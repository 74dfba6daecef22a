"""SDMX-JSON, 1.0 and 2.0, as columns of text.

Codes are listed once, and keys are positions in these lists::

    "dimensions": {"series": [{"id": "FREQ", "values": [{"id": "D"}]}, ...], "observation": [...]}
    "dataSets": [{"series": {"0:1:0": {"attributes": [0], "observations": {"0": [1.0921, 0]}}}}]

An observation consists of its measures, followed by the positions of its attributes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, field

from statpipe.api import ContentError, Payload
from statpipe_sdmx.actions import ACTION
from statpipe_sdmx.history import FROM, SET, TO
from statpipe_sdmx.json_errors import refuse_errors
from statpipe_sdmx.json_texts import text_of
from statpipe_sdmx.json_walk import Walk
from statpipe_sdmx.observations import Observations

if TYPE_CHECKING:
    import pyarrow as pa


def read_json(payload: Payload) -> pa.Table:
    """
    Return the observations of a message: a column of text for each dimension, attribute and measure.

    Figures keep their digits. A data set is decoded one series or one observation at a time.

    :raises ContentError: The message is not SDMX-JSON with data, or it reports an error.
    :raises TooMuch: The agency says that the answer would be too large.
    """
    observations = Observations()
    try:
        text = payload.body.decode(json.detect_encoding(payload.body))
        frame = _frame(text)
        refuse_errors(frame.errors, payload)
        for number, dataset in enumerate(frame.datasets, 1):
            structure = frame.structures[int(dataset.get("structure", 0))]
            for shared, own in _read(text, dataset, structure, str(number)):
                if shared is not None:
                    observations.begin_series(shared)
                else:
                    observations.add(own)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        what = f"there is no member {error}" if isinstance(error, KeyError) else str(error)[:200]
        msg = f"payload {payload.name}: {what}; expected SDMX-JSON with data"
        raise ContentError(msg, payload=payload) from None
    return observations.table()


_TECHNICAL = {"action": ACTION, "validFrom": FROM, "validTo": TO}
_LARGE = ("series", "observations")
_PLACE = "place of "

Step = tuple[dict[str, str] | None, dict[str, str]]
"""Either attributes of the following observations, or an observation."""


@define
class _Frame:
    """
    A message without its observations: data sets only have the positions of series and observations
    in the text.
    """

    structures: list[Any] = field(factory=list)
    datasets: list[dict[str, Any]] = field(factory=list)
    errors: Any = None
    has_data: bool = False


def _frame(text: str) -> _Frame:
    """Scan a message once, because the description of its observations may come after them."""
    frame, walk = _Frame(), Walk(text)
    _collect(walk, frame)
    walk.finish()
    if not frame.has_data and not frame.errors:
        raise ValueError("there is no member dataSets")
    if frame.datasets and not frame.structures:
        raise ValueError("there is no member structure")
    return frame


def _collect(walk: Walk, frame: _Frame, *, inside: bool = False) -> None:
    for name in walk.members():
        if name == "data" and not inside:
            _collect(walk, frame, inside=True)
        elif name == "structure":
            frame.structures = frame.structures or [walk.value()]
        elif name == "structures":
            frame.structures = walk.value() or frame.structures
        elif name == "dataSets":
            frame.has_data = True
            frame.datasets = [_dataset(walk) for _ in walk.items()]
        elif name == "errors":
            frame.errors = walk.value() or frame.errors
        else:
            walk.skip()


def _dataset(walk: Walk) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in walk.members():
        if name not in _LARGE:
            found[name] = walk.value()
            continue
        if walk.begins("{"):
            found[_PLACE + name] = walk.place
            walk.skip()
        elif walk.value() is not None:
            raise ValueError(f"{name} is no object")
    return found


def _members(text: str, dataset: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """Yield the series or observations of a data set one at a time, each with its key."""
    place = dataset.get(_PLACE + name)
    if place is None:
        return
    walk = Walk(text, place)
    for key in walk.members():
        yield key, walk.value()


def _read(
    text: str, dataset: Mapping[str, Any], structure: Mapping[str, Any], number: str
) -> Iterator[Step]:
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
    observed = _Observed(
        dimensions=_Coded(dimensions["observation"]),
        measures=_Coded(measures),
        attributes=_Coded(attributes.get("observation") or ()),
        groups=of_observations,
    )

    yield whole | _told(of_series, whole), {}
    for key, values in _members(text, dataset, "observations"):
        yield None, observed.row(key, values, whole)
    for key, series in _members(text, dataset, "series"):
        places = key.split(":")
        if len(places) != len(dimensions["series"]):
            raise _wrong_key(key)
        shared = whole | dict(_coded(dimensions["series"], places))
        shared |= _told(of_series, shared)
        shared |= dict(_coded(attributes.get("series") or (), series.get("attributes")))
        yield shared, {}
        for place, values in (series.get("observations") or {}).items():
            yield None, observed.row(place, values, shared)


class _Coded:
    """Items whose texts are looked up once and not for each observation."""

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        self._all = [(one["id"], [*map(text_of, one.get("values") or ())]) for one in items]
        # Some services leave out what never occurs.
        self._there = [
            pair for pair, one in zip(self._all, items, strict=True) if one.get("values") != []
        ]

    def __len__(self) -> int:
        return len(self._all)

    def fill(self, row: dict[str, str], places: Sequence[Any]) -> None:
        """
        Write the values at these positions of the lists into a row.
        """
        pairs = self._all if len(places) >= len(self._all) else self._there
        for (name, texts), place in zip(pairs, places, strict=False):
            if place is None:
                continue
            is_coded = texts and isinstance(place, str) and place.isdigit()
            text = texts[int(place)] if is_coded else text_of(place)
            if text is not None:
                row[name] = text


@define
class _Observed:
    """The values of an observation, by their positions."""

    dimensions: _Coded
    measures: _Coded
    attributes: _Coded
    groups: Sequence[Group]

    def row(self, key: str, values: Sequence[Any], shared: Mapping[str, str]) -> dict[str, str]:
        """
        Return an observation without the values of its series.
        """
        own: dict[str, str] = {}
        places = key.split(":")
        if len(places) != len(self.dimensions):
            raise _wrong_key(key)
        if not isinstance(values, list):  # a text has places, too
            raise TypeError(f"the observation {key!r} is {str(values)[:40]!r} and no list")
        self.dimensions.fill(own, places)
        if self.groups:
            own |= _told(self.groups, {**shared, **own})
        self.measures.fill(own, values[: len(self.measures)])
        self.attributes.fill(own, values[len(self.measures) :])
        return own


def _wrong_key(key: str) -> ValueError:
    return ValueError(f"the key {key!r} has not one place for each dimension of the structure")


Group = tuple[tuple[str, ...], dict[tuple[str, ...], dict[str, str]]]
"""A set of dimensions, and the attributes for each combination of their codes."""


def _groups(dataset: Mapping[str, Any], structure: Mapping[str, Any]) -> list[Group]:
    """
    Return the attributes of partial keys: a slot for each dimension, empty if it may have any code::

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
    """
    Yield the values at these positions of the lists; without positions, each list's only value.
    """
    if places is not None and len(places) < len(items):
        # Some services leave out what never occurs.
        items = [one for one in items if one.get("values") != []]
    for number, item in enumerate(items):
        place = "0" if places is None else places[number] if number < len(places) else None
        listed = item.get("values") or ()
        if place is None or (places is None and not listed):
            continue
        if not listed or not isinstance(place, str) or not place.isdigit():
            text = text_of(place)  # not coded
        else:
            text = text_of(listed[int(place)])
        if text is not None:
            yield item["id"], text
