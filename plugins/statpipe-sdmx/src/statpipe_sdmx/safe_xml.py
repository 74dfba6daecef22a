"""XML from outside: read without entities, without a network, and without a document type.

Python's own expat is used. All attacks on it (bombs, outside entities) need a document type, and that
stands before the first element: a message that has one is refused before anything else is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from xml.etree import ElementTree as ET
from xml.parsers import expat

from statpipe.api import ContentError, Payload

_PIECE = 1 << 16


def parse(
    payload: Payload,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None] | None = None,
) -> None:
    """
    Call *start* with the local name and the attributes of each element, *end* with its name, in order.

    Attributes keep their prefix, elements do not.

    :raises ContentError: It is not XML, or has a document type.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse(payload)
    parser.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
    parser.EndElementHandler = lambda name: end(_local(name))
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        for place in range(0, len(payload.body), _PIECE):
            parser.Parse(payload.body[place : place + _PIECE], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise _not_xml(payload, error) from None


def tree(payload: Payload) -> ET.Element:
    """
    Return the root of a message that is small enough to be held as a whole, such as a structure.

    :raises ContentError: It is not XML, or has a document type.
    """
    _refuse_document_type(payload)
    try:
        return ET.fromstring(payload.body)  # noqa: S314 - there is no document type
    except (ET.ParseError, LookupError, ValueError) as error:
        raise _not_xml(payload, error) from None


class _Enough(Exception):
    """The first element has begun: no document type can follow."""


def _refuse_document_type(payload: Payload) -> None:
    def enough(*_: object) -> None:
        raise _Enough

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse(payload)
    parser.StartElementHandler = enough
    try:
        parser.Parse(payload.body, True)
    except _Enough:
        return
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise _not_xml(payload, error) from None


def _refuse(payload: Payload) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        msg = (
            f"payload {payload.name}: the XML declares a document type, which no SDMX message has and "
            "attacks need; look at it in Bronze"
        )
        raise ContentError(msg, payload=payload)

    return refuse


def _not_xml(payload: Payload, error: Exception) -> ContentError:
    msg = f"payload {payload.name}: not XML ({error}); expected an SDMX message"
    return ContentError(msg, payload=payload)


@lru_cache(maxsize=1024)
def _local(name: str) -> str:
    return name.rpartition(":")[2]
