"""Structure messages in SDMX-ML, 2.1 and 3.0.

2.1 refers by elements (``<Ref agencyID="ECB" id="CL_FREQ" version="1.0"/>``), 3.0 by names
(``urn:sdmx:...codelist.Codelist=ECB:CL_FREQ(1.0)``); some messages of 2.1 use names as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import attrs
from attrs import field, frozen

from statpipe.api import Code, ContentError, Payload
from statpipe_sdmx.safe_xml import tree
from statpipe_sdmx.structure import TIME, Item, Structure
from statpipe_sdmx.versions import best_version

_URN = re.compile(
    r"urn:sdmx:[^=]*=(?P<agency>[^:]+):(?P<id>[^()]+)\((?P<version>[^()]*)\)(?:\.(?P<item>.+))?"
)
_LISTS = frozenset(["Codelist", "ValueList", "GeographicCodelist", "GeoGridCodelist"])
_ENTRIES = frozenset(["Code", "ValueItem", "GeoFeatureSetCode", "GridCode"])
_KINDS = ("Dimension", "Attribute", "Measure")
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@frozen
class _Reference:
    agency: str
    id: str
    version: str
    item: str = ""


@frozen
class _Message:
    """
    The parts of a message by identifier. If there are several versions, the requested one is
    returned.
    """

    payload: Payload
    language: str
    parts: dict[tuple[str, str], list[ET.Element]] = field(factory=dict)

    def find(self, kind: str, wanted: _Reference) -> ET.Element | None:
        found = self.parts.get((kind, wanted.id), [])
        own = [one for one in found if one.get("agencyID", wanted.agency) == wanted.agency]
        versions = {id(one): one.get("version", wanted.version) for one in own or found}
        version = best_version(versions.values(), wanted.version)
        return next((one for one in own or found if versions[id(one)] == version), None)


def read_structure(payload: Payload, *, flow: str, language: str = "en") -> Structure:
    """
    Return the structure of *flow* from a message. Names are in *language*, or else in the first
    language.

    :raises ContentError: It is not a structure message, has no data structure, or has several
        possible ones.
    """
    message = _Message(payload, language)
    for element in tree(payload).iter():
        kind = "Codelist" if _local(element) in _LISTS else _local(element)
        if kind in {"Dataflow", "DataStructure", "Codelist", "ConceptScheme"} and element.get("id"):
            message.parts.setdefault((kind, element.get("id", "")), []).append(element)
    named, found = _data_structure(message, flow)
    lists = {kind: list(_items(message, found, kind)) for kind in _KINDS}
    times = [_id(one) for one in _below(found, "TimeDimension")]
    return Structure(
        agency=found.get("agencyID", ""),
        id=found.get("id", ""),
        version=found.get("version", ""),
        name=_name(named if named is not None else found, language),
        flow=flow,
        owner=named.get("agencyID", "") if named is not None else "",
        flow_version=named.get("version", "") if named is not None else "",
        dimensions=tuple(lists["Dimension"]),
        attributes=tuple(lists["Attribute"]),
        measures=tuple(lists["Measure"]),
        time=times[0] if times else TIME,
    )


@frozen
class Flow:
    """
    A data flow in a list of flows.
    """

    id: str
    agency: str
    version: str
    name: str


def flows_in(payload: Payload, language: str = "en") -> list[Flow]:
    """
    Return the flows in a message, by their identifiers.

    :raises ContentError: The message is not XML.
    """
    found = [
        Flow(
            id=one.get("id", ""),
            agency=one.get("agencyID", ""),
            version=one.get("version", ""),
            name=_name(one, language),
        )
        for one in tree(payload).iter()
        if _local(one) == "Dataflow" and one.get("id")
    ]
    return sorted(found, key=lambda one: (one.id, one.agency, one.version))


def _data_structure(message: _Message, flow: str) -> tuple[ET.Element | None, ET.Element]:
    """Return the flow, if the message has it, and its data structure."""
    named = _flow(message, flow)
    if named is not None and (wanted := _reference(_child(named, "Structure"))) is not None:
        found = message.find("DataStructure", wanted)
        if found is not None:
            return named, found
    all_of_them = [
        one for (kind, _), some in message.parts.items() if kind == "DataStructure" for one in some
    ]
    if len(all_of_them) != 1:
        msg = (
            f"payload {message.payload.name}: no data structure for flow {flow} (it has "
            f"{len(all_of_them)} others); look at it in Bronze, and check whether the service "
            "sends structures along with flows"
        )
        raise ContentError(msg, payload=message.payload)
    return named, all_of_them[0]


def _flow(message: _Message, flow: str) -> ET.Element | None:
    """Return the flow, if the message has it."""
    found = message.parts.get(("Dataflow", flow), [])
    owners = sorted({one.get("agencyID", "") for one in found})
    if len(owners) > 1:
        msg = f"payload {message.payload.name}: {' and '.join(owners)} have a flow {flow}; set `agency` to one of them"
        raise ContentError(msg, payload=message.payload)
    return message.find("Dataflow", _Reference(owners[0], flow, "latest")) if owners else None


def _items(message: _Message, structure: ET.Element, kind: str) -> Iterator[Item]:
    # Attributes also refer to dimensions: only those in the list are dimensions.
    found = [
        one
        for listed in _below(structure, f"{kind}List")
        for one in listed
        if _local(one) in {kind, f"Measure{kind}"}
    ]
    found.sort(key=lambda one: _position(message, one))
    for element in found:
        concept = _reference(_child(element, "ConceptIdentity"))
        described = _concept(message, concept)
        listed = _enumeration(_child(element, "LocalRepresentation"))
        if listed is None and described is not None:
            listed = _enumeration(_child(described, "CoreRepresentation"))
        name = _name(described, message.language) if described is not None else ""
        roles = [_reference(one) for one in _below(element, "ConceptRole")]
        yield Item(
            id=_id(element),
            name=name or _id(element),
            codes=tuple(_codes(message, listed)),
            roles=frozenset(one.item or one.id for one in roles if one is not None),
            is_partial=_is_partial(message, listed),
        )


def _position(message: _Message, element: ET.Element) -> int:
    text = element.get("position") or "0"
    if not (text.isascii() and text.isdecimal()):
        msg = (
            f"payload {message.payload.name}: {_id(element)} has the position {text!r}; "
            "expected a whole number"
        )
        raise ContentError(msg, payload=message.payload)
    return int(text)


def _concept(message: _Message, wanted: _Reference | None) -> ET.Element | None:
    if wanted is None:
        return None
    scheme = message.find("ConceptScheme", wanted)
    if scheme is None:
        return None
    return next((one for one in _below(scheme, "Concept") if one.get("id") == wanted.item), None)


def _codes(
    message: _Message, wanted: _Reference | None, above: tuple[ET.Element, ...] = ()
) -> list[Code]:
    """
    Return the codes of a list. In 3.0, it may extend other lists, and then also has their codes.
    Codes that it excludes are not removed, because no figure has them.
    """
    listed = None if wanted is None else message.find("Codelist", wanted)
    if listed is None or listed in above:
        return []
    found: dict[str, Code] = {}
    for extension in (one for one in listed if _local(one) == "CodelistExtension"):
        prefix = extension.get("prefix", "")
        for one in _codes(message, _reference(_child(extension, "Codelist")), (*above, listed)):
            over = f"{prefix}{one.parent}" if one.parent else None
            found[prefix + one.code] = attrs.evolve(one, code=prefix + one.code, parent=over)
    entries = [one for one in listed if _local(one) in _ENTRIES and one.get("id")]
    known = found.keys() | {one.get("id") for one in entries}
    for entry in entries:
        code, parent = entry.get("id", ""), _parent(entry)
        found[code] = Code(
            code=code,
            name=_name(entry, message.language) or code,
            parent=parent if parent in known and parent != code else None,
        )
    return list(found.values())


def _is_partial(message: _Message, wanted: _Reference | None) -> bool:
    listed = None if wanted is None else message.find("Codelist", wanted)
    return listed is not None and listed.get("isPartial") in {"true", "1"}


def _parent(code: ET.Element) -> str | None:
    above = _child(code, "Parent")
    if above is None:
        return None
    reference = _reference(above)
    if reference is not None:
        return reference.item or reference.id
    return (above.text or "").strip() or None


def _enumeration(representation: ET.Element | None) -> _Reference | None:
    return _reference(_child(representation, "Enumeration")) if representation is not None else None


def _reference(element: ET.Element | None) -> _Reference | None:
    """Read a reference in either form."""
    if element is None:
        return None
    ref = _child(element, "Ref")
    if ref is not None:
        scheme = ref.get("maintainableParentID")
        version = ref.get("maintainableParentVersion") or ref.get("version") or ""
        agency = ref.get("agencyID", "")
        if scheme:
            return _Reference(agency, scheme, version, ref.get("id", ""))
        return _Reference(agency, ref.get("id", ""), version)
    for text in (element.text, *(one.text for one in element if _local(one) == "URN")):
        found = _URN.fullmatch((text or "").strip())
        if found:
            return _Reference(found["agency"], found["id"], found["version"], found["item"] or "")
    return None


def _id(element: ET.Element) -> str:
    own = element.get("id")
    if own:
        return own
    concept = _reference(_child(element, "ConceptIdentity"))
    return (concept.item or concept.id) if concept else ""


def _name(element: ET.Element, language: str) -> str:
    """
    Return the name in a language (with or without region), or in English, or else the first name.
    """
    names = {
        one.get(_LANG, ""): " ".join("".join(one.itertext()).split())
        for one in element
        if _local(one) == "Name"
    }
    for wanted in (language, language.partition("-")[0], "en"):
        if names.get(wanted):
            return names[wanted]
    return next(iter(names.values()), "")


def _child(element: ET.Element, name: str) -> ET.Element | None:
    return next((one for one in element if _local(one) == name), None)


def _below(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (one for one in element.iter() if _local(one) == name)


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
