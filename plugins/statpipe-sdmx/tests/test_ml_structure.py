"""Structures, as houses write them."""

from __future__ import annotations

import pytest

from statpipe.api import ContentError, Payload
from statpipe_sdmx.ml_structure import read_structure
from support.sdmx_messages import Cube, Listed, structure_message

AREA = Listed(id="REF_AREA", name="Area", codes={"W": "World", "CN": "China"})
CUBE = Cube(dimensions=(AREA,), rows=())


def codes(message):
    """The codes of areas, with their names and parents."""
    payload = Payload(name="structure", body=message.encode())
    (area,) = read_structure(payload, flow=CUBE.flow).dimensions
    return {one.code: (one.name, one.parent) for one in area.codes}


def extended(extension, others):
    """The structure with another start of the list of areas, and with other lists."""
    text = structure_message(CUBE, urns=True).decode()
    start = '<s:Codelist id="CL_REF_AREA" agencyID="TEA" version="1.0">'
    name = '<c:Name xml:lang="en">Area</c:Name>'
    assert start + name in text
    return text.replace(start + name, f"{others}{start}{name}{extension}")


def extension(of, prefix=""):
    urn = f"urn:sdmx:org.sdmx.infomodel.codelist.Codelist=SDMX:{of}(2.0)"
    attribute = f' prefix="{prefix}"' if prefix else ""
    return f"<s:CodelistExtension{attribute}><s:Codelist>{urn}</s:Codelist></s:CodelistExtension>"


BASE = (
    '<s:Codelist id="CL_BASE" agencyID="SDMX" version="2.0"><s:Code id="IN"><c:Name>India</c:Name></s:Code>'
    '<s:Code id="CN"><c:Name>Other China</c:Name></s:Code>'
    '<s:Code id="KA"><c:Name>Kerala</c:Name><s:Parent>IN</s:Parent></s:Code>{}</s:Codelist>'
)
OWN = {"W": ("World", None), "CN": ("China", None)}


def test_a_list_that_extends_another_has_its_codes_too():
    assert codes(extended(extension("CL_BASE"), BASE.format(""))) == OWN | {
        "IN": ("India", None),
        "KA": ("Kerala", "IN"),
    }


def test_inherited_codes_may_get_a_prefix():
    assert codes(extended(extension("CL_BASE", "X_"), BASE.format(""))) == OWN | {
        "X_IN": ("India", None),
        "X_CN": ("Other China", None),
        "X_KA": ("Kerala", "X_IN"),
    }


@pytest.mark.parametrize(
    "base", [extension("CL_REF_AREA"), extension("CL_BASE"), extension("GONE")]
)
def test_lists_that_extend_each_other_or_a_missing_list_are_read(base):
    assert {"IN", "KA", "W", "CN"} == set(codes(extended(extension("CL_BASE"), BASE.format(base))))


def test_a_value_list_is_read_as_a_code_list():
    text = structure_message(CUBE).decode()
    for old, new in (("s:Codelist ", "s:ValueList "), ("/s:Codelist>", "/s:ValueList>"), ("s:Code ", "s:ValueItem "), ("/s:Code>", "/s:ValueItem>")):  # fmt: skip
        text = text.replace(old, new)
    assert codes(text) == OWN


VERSIONS = ("1.0.0", "1.2.0", "1.10.0", "2.0.0", "2.1.0-draft")


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("1.2.0", "1.2.0"),
        ("1.2+.0", "1.10.0"),
        ("1.0.0+", "1.0.0"),
        ("1+.0.0", "2.0.0"),
        ("1.0+", "1.10.0"),
        ("*", "2.1.0-draft"),
        ("+", "2.0.0"),
        ("~", "2.0.0"),
        ("latest", "2.0.0"),
        ("1.0", "1.0.0"),
        ("3.0.0", "2.0.0"),
    ],
)
def test_of_several_versions_the_latest_that_a_reference_allows_is_read(wanted, found, turned):
    lists = [
        f'<s:Codelist id="CL_REF_AREA" agencyID="TEA" version="{version}"><s:Code id="CN">'
        f"<c:Name>{version}</c:Name></s:Code></s:Codelist>"
        for version in (VERSIONS[::-1] if turned else VERSIONS)
    ]
    text = structure_message(CUBE, urns=True).decode()
    start, end = text.index("<s:Codelist "), text.index("</s:Codelists>")
    text = text[:start] + "".join(lists) + text[end:]
    assert codes(text.replace("CL_REF_AREA(1.0)", f"CL_REF_AREA({wanted})")) == {
        "CN": (found, None)
    }


def test_a_flow_of_several_agencies_is_none_of_them():
    text = structure_message(CUBE).decode()
    flow = text[text.index("<s:Dataflow ") : text.index("</s:Dataflows>")]
    twice = text.replace(flow, flow + flow.replace('agencyID="TEA"', 'agencyID="COFFEE"', 1))
    with pytest.raises(ContentError, match=f"COFFEE and TEA have a flow {CUBE.flow}; set `agency`"):
        codes(twice)


def test_a_message_without_the_structure_of_the_flow_says_what_to_do():
    with pytest.raises(ContentError, match=r"no data structure for flow.*look at it in Bronze"):
        codes("<Structure><Constraints/></Structure>")
