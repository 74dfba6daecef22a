"""Writes one cube in every format of SDMX, so that readers can be compared."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import attrs
from attrs import field, frozen

Row = Mapping[str, str]
"""An observation: a text for each dimension, for TIME_PERIOD, OBS_VALUE, and for attributes."""

TIME, VALUE = "TIME_PERIOD", "OBS_VALUE"
_COMMON = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"
_MESSAGE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
_GENERIC = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic"
_STRUCTURE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure"


@frozen(kw_only=True)
class Listed:
    """A dimension or an attribute with its names by code; attributes may have no list."""

    id: str
    name: str
    codes: Mapping[str, str] = field(factory=dict)
    series: bool = True


@frozen(kw_only=True)
class Cube:
    """
    A flow with its structure and its observations. ``updated`` is told in an annotation. Without ``measures``
    there is one, OBS_VALUE.
    """

    agency: str = "TEA"
    flow: str = "DF_TRADE"
    title: str = "Tea trade"
    dimensions: tuple[Listed, ...]
    attributes: tuple[Listed, ...] = ()
    measures: tuple[Listed, ...] = ()
    rows: tuple[Row, ...]
    updated: str = ""


def structure_message(cube: Cube, *, urns: bool = False, alone: bool = False) -> bytes:
    """
    The structure in ML 2.1; with *urns*, references are written as 3.0 does. *alone* is the flow without what it
    refers to.
    """

    def reference(kind: str, name: str, item: str = "") -> str:
        if urns:
            end = f".{item}" if item else ""
            return f"urn:sdmx:org.sdmx.infomodel.x.{kind}={cube.agency}:{name}(1.0){end}"
        if item:
            return (
                f'<Ref agencyID="{cube.agency}" maintainableParentID="{name}" '
                f'maintainableParentVersion="1.0" id="{item}"/>'
            )
        return f'<Ref agencyID="{cube.agency}" id="{name}" version="1.0"/>'

    def component(kind: str, one: Listed, position: int = 0) -> str:
        place = f' position="{position}"' if position else ""
        listed = (
            f"<s:LocalRepresentation><s:Enumeration>{reference('Codelist', 'CL_' + one.id)}"
            "</s:Enumeration></s:LocalRepresentation>"
            if one.codes
            else ""
        )
        concept = reference("Concept", "CONCEPTS", one.id)
        return (
            f'<s:{kind} id="{one.id}"{place}><s:ConceptIdentity>{concept}</s:ConceptIdentity>'
            f"{listed}</s:{kind}>"
        )

    items = [*cube.dimensions, *cube.attributes, *cube.measures]
    lists = "".join(
        f'<s:Codelist id="CL_{one.id}" agencyID="{cube.agency}" version="1.0">{_name(one.name)}'
        + "".join(f"<s:Code id={quoteattr(c)}>{_name(n)}</s:Code>" for c, n in one.codes.items())
        + "</s:Codelist>"
        for one in items
        if one.codes
    )
    concepts = "".join(f'<s:Concept id="{one.id}">{_name(one.name)}</s:Concept>' for one in items)
    dimensions = "".join(
        component("Dimension", one, number) for number, one in enumerate(cube.dimensions, 1)
    )
    attributes = "".join(component("Attribute", one) for one in cube.attributes)
    measures = "".join(component("Measure", one) for one in cube.measures)
    annotation = (
        "<c:Annotations><c:Annotation>"
        f"<c:AnnotationTitle>{cube.updated}</c:AnnotationTitle>"
        "<c:AnnotationType>UPDATE_DATA</c:AnnotationType></c:Annotation></c:Annotations>"
        if cube.updated
        else ""
    )
    flow = (
        f'<s:Dataflows><s:Dataflow id="{cube.flow}" agencyID="{cube.agency}" version="1.0">{annotation}'
        f"{_name(cube.title)}<s:Structure>{reference('DataStructure', 'DSD')}</s:Structure></s:Dataflow>"
        "</s:Dataflows>"
    )
    rest = (
        f"<s:Codelists>{lists}</s:Codelists><s:Concepts>"
        f'<s:ConceptScheme id="CONCEPTS" agencyID="{cube.agency}" version="1.0">{concepts}'
        f"</s:ConceptScheme></s:Concepts><s:DataStructures>"
        f'<s:DataStructure id="DSD" agencyID="{cube.agency}" version="1.0">{_name("Structure")}'
        f'<s:DataStructureComponents><s:DimensionList id="DimensionDescriptor">{dimensions}'
        f'<s:TimeDimension id="{TIME}"/></s:DimensionList>'
        f'<s:AttributeList id="AttributeDescriptor">{attributes}</s:AttributeList>'
        f'<s:MeasureList id="MeasureDescriptor">{measures}</s:MeasureList>'
        "</s:DataStructureComponents></s:DataStructure></s:DataStructures>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><m:Structure xmlns:m="{_MESSAGE}" '
        f'xmlns:c="{_COMMON}" xmlns:s="{_STRUCTURE}"><m:Header><m:ID>1</m:ID></m:Header><m:Structures>'
        f"{flow}{'' if alone else rest}</m:Structures></m:Structure>"
    ).encode()


def csv_1(cube: Cube) -> bytes:
    """SDMX-CSV 1.0."""
    return _csv(cube, {"DATAFLOW": f"{cube.agency}:{cube.flow}(1.0)"})


def csv_2(cube: Cube) -> bytes:
    """SDMX-CSV 2.0."""
    of_it = {"STRUCTURE": "dataflow", "STRUCTURE_ID": f"{cube.agency}:{cube.flow}(1.0)"}
    return _csv(cube, of_it | {"ACTION": "I"})


def csv_labelled(cube: Cube) -> bytes:
    """SDMX-CSV 1.0 with ``labels=both``."""
    items = (*cube.dimensions, *cube.attributes)
    listed = {one.id: one for one in items if one.codes}
    heads = {one.id: f"{one.id}: {one.name}" for one in items}
    heads |= {TIME: f"{TIME}: Time period", VALUE: f"{VALUE}: Observation value"}
    rows = [
        {
            heads.get(name, name): f"{text}: {listed[name].codes[text]}"
            if name in listed and text in listed[name].codes
            else text
            for name, text in row.items()
        }
        for row in cube.rows
    ]
    names = [heads.get(name, name) for name in _columns(cube)]
    return _written(names, rows, {"DATAFLOW": f"{cube.agency}:{cube.flow}(1.0): {cube.title}"})


def ml_series(cube: Cube) -> bytes:
    """Structure-specific ML 2.1, as time series."""
    inside = "".join(
        f"<Series {_attributes(shared)}>"
        + "".join(f"<Obs {_attributes(own)}/>" for own in observations)
        + "</Series>"
        for shared, observations in _series(cube)
    )
    return _specific(inside)


def ml_flat(cube: Cube) -> bytes:
    """Structure-specific ML 2.1, flat."""
    inside = "".join(f"<Obs {_attributes(row)}/>" for row in cube.rows)
    return _specific(inside, at="AllDimensions")


def ml_generic(cube: Cube) -> bytes:
    """Generic ML 2.1, as time series."""
    keys = {one.id for one in cube.dimensions}

    def values(texts: Row) -> str:
        return "".join(
            f'<g:Value id="{name}" value={quoteattr(text)}/>' for name, text in texts.items()
        )

    def observed(own: Row) -> str:
        value = f"<g:ObsValue value={quoteattr(own[VALUE])}/>" if VALUE in own else ""
        rest = {name: text for name, text in own.items() if name not in {TIME, VALUE}}
        told = f"<g:Attributes>{values(rest)}</g:Attributes>" if rest else ""
        return f"<g:Obs><g:ObsDimension value={quoteattr(own[TIME])}/>{value}{told}</g:Obs>"

    inside = ""
    for shared, observations in _series(cube):
        key = {name: text for name, text in shared.items() if name in keys}
        rest = {name: text for name, text in shared.items() if name not in keys}
        inside += f"<g:Series><g:SeriesKey>{values(key)}</g:SeriesKey>"
        inside += f"<g:Attributes>{values(rest)}</g:Attributes>" if rest else ""
        inside += "".join(map(observed, observations)) + "</g:Series>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><m:GenericData xmlns:m="{_MESSAGE}" xmlns:g="{_GENERIC}">'
        f'<m:Header><m:Structure structureID="S" dimensionAtObservation="{TIME}"/></m:Header>'
        f'<m:DataSet action="Replace">{inside}</m:DataSet></m:GenericData>'
    ).encode()


def json_1(cube: Cube) -> bytes:
    """SDMX-JSON 1.0, as time series."""
    structure, dataset = _json(cube)
    return _dumped({"data": {"structure": structure, "dataSets": [dataset]}})


def json_2(cube: Cube) -> bytes:
    """SDMX-JSON 2.0, as time series."""
    structure, dataset = _json(cube)
    structure["measures"] = {"observation": [{"id": name} for name in _measures(cube)]}
    return _dumped({"data": {"structures": [structure], "dataSets": [dataset | {"structure": 0}]}})


@frozen(kw_only=True)
class Release:
    """What a service did with rows at one time: it replaced them, unless said otherwise. ``until`` is when they were over."""

    at: str
    rows: tuple[Row, ...]
    deletes: bool = False
    action: str = "Replace"
    until: str = ""


def ml_history(cube: Cube, releases: Sequence[Release]) -> bytes:
    """Structure-specific ML 2.1 with a data set for each release."""
    head, _, _ = _specific("").partition(b"<m:DataSet")
    inside = "".join(
        f"<m:DataSet {_attributes(_validity(one))}>"
        + "".join(f"<Obs {_attributes(row)}/>" for row in one.rows)
        + "</m:DataSet>"
        for one in releases
    )
    return head + f"{inside}</m:StructureSpecificData>".encode()


def json_history(cube: Cube, releases: Sequence[Release]) -> bytes:
    """SDMX-JSON 2.0 with a data set for each release."""
    structure, _ = _json(attrs.evolve(cube, rows=tuple(r for one in releases for r in one.rows)))
    datasets = []
    places = {
        item["id"]: {value["id"]: str(number) for number, value in enumerate(item["values"])}
        for part in structure["dimensions"].values()
        for item in part
    }
    for one in releases:
        series: dict[str, Any] = {}
        for row in one.rows:
            key = ":".join(places[d.id][row[d.id]] for d in cube.dimensions)
            values = [_Number(row[VALUE])] if row.get(VALUE) else []
            found = series.setdefault(key, {"observations": {}})
            found["observations"][places[TIME][row[TIME]]] = values
        told = {name.removesuffix("Date"): text for name, text in _validity(one).items()}
        datasets.append(told | {"structure": 0, "series": series})
    return _dumped({"data": {"structures": [structure], "dataSets": datasets}})


def csv_history(cube: Cube, releases: Sequence[Release]) -> bytes:
    """SDMX-CSV 2.0 with an action and a validity for each row."""
    names = {"action": "ACTION", "validFromDate": "VALID_FROM", "validToDate": "VALID_TO"}
    of_it = {"STRUCTURE": "dataflow", "STRUCTURE_ID": f"{cube.agency}:{cube.flow}(1.0)"}
    rows = [
        {names[name]: text for name, text in _validity(one).items()} | row
        for one in releases
        for row in one.rows
    ]
    of_it |= dict.fromkeys(names.values(), "")
    return _written(_columns(cube), [of_it | row for row in rows], of_it)


def _validity(release: Release) -> dict[str, str]:
    if release.deletes:
        return {"action": "Delete", "validToDate": release.at}
    until = {"validToDate": release.until} if release.until else {}
    return {"action": release.action, "validFromDate": release.at} | until


FORMATS = {
    "csv 1.0": csv_1,
    "csv 2.0": csv_2,
    "csv 1.0, labels=both": csv_labelled,
    "ml 2.1, series": ml_series,
    "ml 2.1, flat": ml_flat,
    "ml 2.1, generic": ml_generic,
    "json 1.0": json_1,
    "json 2.0": json_2,
}


def _name(text: str) -> str:
    return f'<c:Name xml:lang="en">{escape(text)}</c:Name>'


def _columns(cube: Cube) -> list[str]:
    told = [one.id for one in cube.attributes]
    return [*(one.id for one in cube.dimensions), TIME, *_measures(cube), *told]


def _measures(cube: Cube) -> list[str]:
    return [one.id for one in cube.measures] or [VALUE]


def _csv(cube: Cube, message: Row) -> bytes:
    return _written(_columns(cube), cube.rows, message)


def _written(names: Sequence[str], rows: Sequence[Row], message: Row) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, [*message, *names], restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**message, **row})
    return file.getvalue().encode()


def _series(cube: Cube) -> list[tuple[dict[str, str], list[dict[str, str]]]]:
    """Give each series: what it says once, and its observations."""
    shared = [one.id for one in cube.dimensions]
    shared += [one.id for one in cube.attributes if one.series]

    def key(row: Row) -> tuple[str, ...]:
        return tuple(row.get(name, "\0") for name in shared)

    found = []
    for texts, rows in groupby(sorted(cube.rows, key=key), key):
        said = {name: text for name, text in zip(shared, texts, strict=True) if text != "\0"}
        own = [{name: t for name, t in row.items() if name not in shared} for row in rows]
        found.append((said, own))
    return found


def _attributes(texts: Row) -> str:
    return " ".join(f"{name}={quoteattr(text)}" for name, text in texts.items())


def _specific(inside: str, at: str = TIME) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><m:StructureSpecificData xmlns:m="{_MESSAGE}" '
        'xmlns:ss="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/structurespecific" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<m:Header><m:Structure structureID="S" dimensionAtObservation="{at}"/></m:Header>'
        f'<m:DataSet ss:dataScope="DataStructure" action="Replace" xsi:type="n:DataSetType">{inside}'
        "</m:DataSet></m:StructureSpecificData>"
    ).encode()


def _json(cube: Cube) -> tuple[dict[str, Any], dict[str, Any]]:
    values: dict[str, dict[str, int]] = {}

    def place(name: str, text: str | None) -> int | None:
        if text is None:
            return None
        known = values.setdefault(name, {})
        return known.setdefault(text, len(known))

    of_series = [one.id for one in cube.attributes if one.series]
    of_observations = [one.id for one in cube.attributes if not one.series]
    series: dict[str, Any] = {}
    for shared, observations in _series(cube):
        key = ":".join(str(place(one.id, shared[one.id])) for one in cube.dimensions)
        found = series.setdefault(key, {"observations": {}})
        found["attributes"] = [place(name, shared.get(name)) for name in of_series]
        for own in observations:
            told = [place(name, own.get(name)) for name in of_observations]
            values_of = [_Number(own[name]) if own.get(name) else None for name in _measures(cube)]
            found["observations"][str(place(TIME, own[TIME]))] = [*values_of, *told]

    def listed(names: Sequence[str]) -> list[dict[str, Any]]:
        return [{"id": n, "values": [{"id": t} for t in values.get(n, ())]} for n in names]

    dimensions = [one.id for one in cube.dimensions]
    structure = {
        "dimensions": {"series": listed(dimensions), "observation": listed([TIME])},
        "attributes": {"series": listed(of_series), "observation": listed(of_observations)},
    }
    return structure, {"action": "Replace", "series": series}


class _Number(str):
    """A figure that JSON writes as it is printed, and not as a binary float would be."""

    __slots__ = ()


def _dumped(document: dict[str, Any]) -> bytes:
    marks: dict[str, str] = {}

    def marked(thing: Any) -> Any:
        if isinstance(thing, _Number):
            marks[f"figure-{len(marks)}-"] = str(thing)
            return f"figure-{len(marks) - 1}-"
        if isinstance(thing, dict):
            return {name: marked(value) for name, value in thing.items()}
        return [marked(one) for one in thing] if isinstance(thing, list) else thing

    text = json.dumps(marked(document))
    return re.sub(r'"(figure-\d+-)"', lambda found: marks[found[1]], text).encode()
