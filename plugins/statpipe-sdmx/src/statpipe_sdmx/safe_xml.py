"""Parses XML from outside without entities, network access or document types.

It uses Python's own expat. All attacks on it (bombs, external entities) need a document type, which
comes before the first element. A message with a document type is refused before anything else is
read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar
from xml.etree import ElementTree as ET
from xml.parsers import expat

from statpipe.api import ContentError, Payload

_PIECE = 1 << 16
_Found = TypeVar("_Found")

Begin = Callable[[dict[str, str]], None]
"""A function of an element's attributes. It may keep the dictionary."""


def parse(
    payload: Payload,
    begins: Mapping[str, Begin],
    ends: Mapping[str, Callable[[], None]],
    texts: Mapping[str, Callable[[list[str]], None]],
    other: Callable[[str], Begin],
) -> None:
    """
    Call handlers for the elements of a message, in order: *begins* with the attributes of an
    element, *ends* at its end, and *texts* with the pieces of text in an element that has some.
    Each maps element names to handlers.

    Names are local; attributes keep their prefix. *other* returns the handler of an element that is
    not in *begins*, and is called once per name.

    :raises ContentError: It is not XML, or has a document type.
    """
    parser = expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, _PIECE
    parser.StartDoctypeDeclHandler = _refuse(payload)
    hears = _Hears(parser, begins, ends, texts, other)
    started, ended = _ByLocalName(hears.begin_of), _ByLocalName(hears.end_of)
    parser.StartElementHandler = lambda name, attributes: started[name](attributes)
    parser.EndElementHandler = lambda name: ended[name]()
    try:
        for place in range(_start(payload.body), len(payload.body), _PIECE):
            parser.Parse(payload.body[place : place + _PIECE], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise _not_xml(payload, error) from None


def _start(body: bytes) -> int:
    """Services put empty lines before a declaration, which must not be there."""
    return len(body[:_PIECE]) - len(body[:_PIECE].lstrip())


class _Hears:
    """
    The handlers of an element. White space between elements, which is most of the text, is not
    passed on.
    """

    def __init__(
        self,
        parser: expat.XMLParserType,
        begins: Mapping[str, Begin],
        ends: Mapping[str, Callable[[], None]],
        texts: Mapping[str, Callable[[list[str]], None]],
        other: Callable[[str], Begin],
    ) -> None:
        self._parser = parser
        self._begins, self._ends, self._texts, self._other = begins, ends, texts, other
        self._collected: list[str] = []

    def begin_of(self, name: str) -> Begin:
        begin = self._begins.get(name) or self._other(name)

        def listen(attributes: dict[str, str]) -> None:
            self._collected.clear()
            self._parser.CharacterDataHandler = self._collected.append
            begin(attributes)

        return listen if name in self._texts else begin

    def end_of(self, name: str) -> Callable[[], None]:
        tell = self._texts.get(name)

        def told() -> None:
            self._parser.CharacterDataHandler = None
            if tell is not None:
                tell([text for text in map(str.strip, self._collected) if text])

        return self._ends.get(name, _nothing) if tell is None else told


def _nothing() -> None:
    """Do nothing, as at the end of most elements."""


class _ByLocalName(dict[str, _Found]):
    """Handlers by element name with prefix, each looked up once."""

    def __init__(self, find: Callable[[str], _Found]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, name: str) -> _Found:
        found = self[name] = self._find(name.rpartition(":")[2])
        return found


def tree(payload: Payload) -> ET.Element:
    """
    Return the root of a message that fits into memory, such as a structure.

    :raises ContentError: It is not XML, or has a document type.
    """
    _refuse_document_type(payload)
    try:
        return ET.fromstring(payload.body.lstrip())  # noqa: S314 - there is no document type
    except (ET.ParseError, LookupError, ValueError) as error:
        raise _not_xml(payload, error) from None


class _Enough(Exception):
    """Raised at the first element, because no document type can follow."""


def _refuse_document_type(payload: Payload) -> None:
    def enough(*_: object) -> None:
        raise _Enough

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse(payload)
    parser.StartElementHandler = enough
    try:
        parser.Parse(payload.body.lstrip(), True)
    except _Enough:
        return
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise _not_xml(payload, error) from None


def _refuse(payload: Payload) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        msg = (
            f"payload {payload.name}: the XML declares a document type, which SDMX messages "
            "never do but attacks use; look at it in Bronze"
        )
        raise ContentError(msg, payload=payload)

    return refuse


def _not_xml(payload: Payload, error: Exception) -> ContentError:
    msg = f"payload {payload.name}: not valid XML ({error}); expected an SDMX message"
    return ContentError(msg, payload=payload)
