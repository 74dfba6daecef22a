"""Payloads as text that can be bent: JSON, XML, delimited text, and zips of these."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import attrs
from attrs import frozen

from statpipe.domain.payload import Payload

Form = Literal["json", "xml", "delimited", "text"]
_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 50


class Number(str):
    """
    A number of a JSON document, as it is printed there.
    """

    __slots__ = ()


@frozen
class Document:
    """
    One text of a payload: the whole body, or a member of its zip.
    """

    payload: Payload
    member: str | None
    text: str

    @property
    def form(self) -> Form:
        """
        What kind of text it is, told by the text itself.
        """
        start = self.text.lstrip("\ufeff \r\n\t")[:1]
        if start in {"{", "["} and _is_json(self.text):
            return "json"
        if start == "<":
            return "xml"
        return "delimited" if header(self.text) else "text"

    @property
    def name(self) -> str:
        """
        Name the document for a reader.
        """
        return f"{self.payload.name}/{self.member}" if self.member else self.payload.name

    def with_text(self, text: str) -> Payload:
        """
        Return the payload with the text at this place replaced.
        """
        if self.member is None:
            return with_body(self.payload, text.encode("utf-8", "surrogateescape"))
        packed = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(self.payload.body)) as old,
            zipfile.ZipFile(packed, "w") as new,
        ):
            for info in old.infolist():
                body = (
                    text.encode("utf-8", "surrogateescape")
                    if info.filename == self.member
                    else old.read(info)
                )
                new.writestr(zipfile.ZipInfo(info.filename), body)
        return with_body(self.payload, packed.getvalue())


def with_body(payload: Payload, body: bytes) -> Payload:
    """
    Return the payload with another body.
    """
    return attrs.evolve(payload, body=body)


def documents(payload: Payload) -> list[Document]:
    """
    Return the texts of a payload, or none if it is binary.
    """
    if payload.body[:4] == b"PK\x03\x04":
        found = []
        with zipfile.ZipFile(io.BytesIO(payload.body)) as members:
            for info in members.infolist():
                text = _decoded(members.read(info))
                if text is not None:
                    found.append(Document(payload, info.filename, text))
        return found
    if b"\x00" in payload.body:
        return []
    return [Document(payload, None, payload.body.decode("utf-8", "surrogateescape"))]


def header(text: str) -> tuple[str, int, list[str]] | None:
    """
    Return delimiter, line number and cells of the header of delimited text, or ``None`` for other
    text.
    """
    lines = [unquoted(line) for line in text.splitlines()[:_SAMPLE]]
    best: tuple[int, str, int] | None = None
    for delimiter in _DELIMITERS:
        counts = [line.count(delimiter) for line in lines]
        most = max(counts, default=0)
        if most and counts.count(most) > 1 and (best is None or most > best[0]):
            best = (most, delimiter, counts.index(most))
    if best is None:
        return None
    _, delimiter, number = best
    return delimiter, number, text.splitlines()[number].split(delimiter)


def unquoted(line: str) -> str:
    """
    Return a line of delimited text with its quoted cells emptied, because these may contain
    delimiters.
    """
    return re.sub(r'"[^"]*"', '""', line)


def tree(text: str) -> Any:
    """
    Parse JSON, and keep numbers as printed.
    """
    return json.loads(text, parse_float=Number, parse_int=Number)


def printed(thing: Any) -> str:
    """
    Write what :func:`tree` read.
    """
    if isinstance(thing, Number):
        return str(thing)
    if isinstance(thing, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{printed(v)}" for k, v in thing.items()) + "}"
    if isinstance(thing, list):
        return "[" + ",".join(printed(one) for one in thing) + "]"
    return json.dumps(thing)


Path = tuple[str | int, ...]


def places(thing: Any, at: Path = ()) -> Iterator[Path]:
    """
    Yield the path of everything in a JSON document except the root.
    """
    inside: Sequence[tuple[str | int, Any]] = ()
    if isinstance(thing, dict):
        inside = list(thing.items())
    elif isinstance(thing, list):
        inside = list(enumerate(thing))
    for step, one in inside:
        yield (*at, step)
        yield from places(one, (*at, step))


def at(thing: Any, path: Path) -> Any:
    """
    Return the value at a place.
    """
    for step in path:
        thing = thing[step]
    return thing


def field_names(thing: Any) -> list[str]:
    """
    Return the names of all fields of a JSON document, each once.
    """
    return list(dict.fromkeys(p[-1] for p in places(thing) if isinstance(p[-1], str)))


def occurrences(text: str, literal: str) -> list[int]:
    """
    Return the places of a printed figure, on its own and not as part of a longer number.
    """
    pattern = rf"(?<![\w.,-])(?<!\d ){re.escape(literal)}(?![\w-]|[.,]\d)"
    if not literal.startswith("-") and "," not in literal:
        # A comma before it may be a delimiter, if no digit group ends there.
        pattern = rf"(?<![\w.-]){re.escape(literal)}(?![\w-]|\.\d)"
    return [found.start() for found in re.finditer(pattern, text)]


def _decoded(body: bytes) -> str | None:
    try:
        return body.decode("utf-8") if b"\x00" not in body else None
    except UnicodeDecodeError:
        return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text.lstrip("\ufeff"))
    except ValueError:
        return False
    return True
