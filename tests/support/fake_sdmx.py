"""An SDMX service on this machine: it serves any cube, and has the manners of the houses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import attrs
from attrs import define, field

from statpipe.testing import Answer, LocalAgency, Request
from support.sdmx_messages import FORMATS, TIME, Cube, structure_message

_ACCEPTED = {
    "application/vnd.sdmx.data+csv;version=1.0.0": ("csv 1.0", "text/csv"),
    "application/vnd.sdmx.data+csv;version=2.0.0": ("csv 2.0", "text/csv"),
    "application/vnd.sdmx.structurespecificdata+xml;version=2.1": ("ml 2.1, series", "text/xml"),
    "application/vnd.sdmx.data+xml;version=3.0.0": ("ml 2.1, series", "text/xml"),
    "application/vnd.sdmx.data+json;version=1.0.0": ("json 1.0", "application/json"),
}


@define(kw_only=True)
class FakeSdmx:
    """
    The service as a test sets it. ``flows`` are its cubes by identifier.

    ``formats`` are those that it serves; others are told 406. ``most`` is how many observations it gives
    at once; more are told 413. ``modified`` is the ``Last-Modified`` of data. ``down`` answers 503, ``page`` an HTML page
    with status 200.
    """

    agency: LocalAgency
    flows: dict[str, Cube] = field(factory=dict)
    formats: tuple[str, ...] = ("csv 1.0", "csv 2.0", "ml 2.1, series")
    most: int = 100_000
    modified: str = ""
    manners: Literal["", "down", "page"] = ""
    media_type: str = ""

    @property
    def url(self) -> str:
        return self.agency.url

    def asked(self, of: str) -> list[Request]:
        """The requests for ``data`` or for a ``dataflow``."""
        return [one for one in self.agency.requests if f"/{of}/" in one.path]

    def answer(self, request: Request) -> Answer:
        """Answer as such a service does."""
        if self.manners == "down":
            return Answer(b"", status=503)
        if self.manners == "page":
            return Answer(b"<html><title>Maintenance</title></html>", "text/html")
        kind, *parts = [part for part in request.path.split("/") if part]
        if kind == "structure":
            kind, *parts = parts
        if kind == "dataflow":
            if parts[1:2] in (["all"], ["*"]):
                messages = [structure_message(one) for one in self.flows.values()]
                return Answer(b"<Structures>" + b"".join(map(_inside, messages)) + b"</Structures>")
            cube = self.flows.get(parts[1])
            return _missing() if cube is None else Answer(structure_message(cube), "text/xml")
        if parts[0] == "dataflow":  # as 3.0 writes it
            parts = [parts[2], parts[4]]
        cube = self.flows.get(parts[0].split(",")[1] if "," in parts[0] else parts[0])
        return _missing() if cube is None else self._data(cube, parts[1], request)

    def _data(self, cube: Cube, key: str, request: Request) -> Answer:
        form, kind = _ACCEPTED.get(request.headers["accept"], ("", ""))
        if form not in self.formats:
            return Answer(b"", status=406)
        rows = tuple(row for row in cube.rows if _is_asked(cube, row, key, request))
        if not rows:
            return _missing()
        if len(rows) > self.most:
            return Answer(b"", status=413)
        body = FORMATS[form](attrs.evolve(cube, rows=rows))
        headers = {"Last-Modified": self.modified} if self.modified else {}
        return Answer(body, self.media_type or kind, headers=headers)


def _is_asked(cube: Cube, row: dict[str, str], key: str, request: Request) -> bool:
    parts = [] if key in {"all", "*"} else key.split(".")
    inside = all(
        not part or row[one.id] in part.split("+")
        for one, part in zip(cube.dimensions, parts, strict=False)
    )
    start, end = request.query.get("startPeriod", ""), request.query.get("endPeriod", "9")
    return inside and start <= row[TIME] and row[TIME][: len(end)] <= end


def _inside(message: bytes) -> bytes:
    return message.partition(b"?>")[2]


def _missing() -> Answer:
    return Answer(b"NoRecordsFound", "text/plain", status=404)


@contextmanager
def serving(**options: object) -> Iterator[FakeSdmx]:
    """Start a service; it ends with the block."""
    with LocalAgency() as agency:
        fake = FakeSdmx(agency=agency, **options)  # type: ignore[arg-type]
        agency.answer_with(fake.answer)
        yield fake
