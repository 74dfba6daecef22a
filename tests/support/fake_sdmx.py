"""An SDMX service on this machine: it serves any cube, and has the manners of the houses."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Literal

import attrs
from attrs import define, field

from statpipe.testing import Answer, LocalAgency, Request
from support.sdmx_messages import FORMATS, TIME, Cube, Release, Row, ml_history, structure_message

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
    The service as a test sets it. ``flows`` are its cubes by identifier, ``history`` what it has published of them.

    ``formats`` are those that it serves; others are told 406. ``most`` is how many observations it gives
    at once; more are told 413; addresses of more than ``longest`` characters are told 414. ``modified`` is the ``Last-Modified`` of
    data, ``tags`` gives them an ``ETag``: who sends these back is told 304. ``changed`` is the time of the last change, for
    ``updatedAfter``. ``delayed`` data are promised by a footer, or by an envelope as a queue sends it, and lie there in a zip
    when they were asked for ``not_yet`` times in vain. ``down`` answers 503, ``page`` an HTML page
    with status 200.
    """

    agency: LocalAgency
    flows: dict[str, Cube] = field(factory=dict)
    formats: tuple[str, ...] = ("csv 1.0", "csv 2.0", "ml 2.1, series")
    most: int = 100_000
    longest: int = 2_000
    history: dict[str, tuple[Release, ...]] = field(factory=dict)
    modified: str = ""
    tags: bool = False
    changed: str = ""
    delayed: Literal["", "footer", "queue"] = ""
    not_yet: int = 0
    _later: bytes = b""
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
        if request.path.startswith(("/file/", "/1.0/async/data/")):
            return self._ready()
        kind, *parts = [part for part in request.path.split("/") if part]
        if kind in {"structure", "metadata"}:
            kind, *parts = parts
        if kind == "dataflow":
            return self._structure(parts[1] if len(parts) > 1 else "all", request)
        if parts[0] == "dataflow":  # as 3.0 writes it
            parts = [parts[2], parts[4]]
        if len(request.path) > self.longest:
            return Answer(b"", status=414)
        cube = self.flows.get(parts[0].split(",")[1] if "," in parts[0] else parts[0])
        return _missing() if cube is None else self._data(cube, parts[1], request)

    def _structure(self, flow: str, request: Request) -> Answer:
        if flow in {"all", "*"}:
            messages = [structure_message(one) for one in self.flows.values()]
            return Answer(b"<Structures>" + b"".join(map(_inside, messages)) + b"</Structures>")
        cube = self.flows.get(flow)
        if cube is None:
            return _missing()
        alone = request.query.get("references") == "none"
        return Answer(structure_message(cube, alone=alone), "text/xml")

    def _data(self, cube: Cube, key: str, request: Request) -> Answer:
        form, kind = _ACCEPTED.get(request.headers["accept"], ("", ""))
        if form not in self.formats:
            return Answer(b"", status=406)
        rows = tuple(row for row in cube.rows if _is_asked(cube, row, key, request))
        refused = self._refused(rows, request)
        if refused is not None:
            return refused
        if request.query.get("includeHistory") == "true":
            return Answer(ml_history(cube, self.history[cube.flow]), kind)
        body = FORMATS[form](attrs.evolve(cube, rows=rows))
        headers = {"Last-Modified": self.modified} if self.modified else {}
        headers |= {"ETag": f'"{sha256(body).hexdigest()}"'} if self.tags else {}
        asked = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
        if any(asked) and set(filter(None, asked)) <= set(headers.values()):
            return Answer(b"", status=304, headers=headers)
        if self.delayed:
            self._later = zipped(body)
            link = f"http://elsewhere.example/file/{cube.flow}"
            return Answer(
                (_FOOTER if self.delayed == "footer" else _QUEUE).replace(b"LINK", link.encode())
            )
        return Answer(body, self.media_type or kind, headers=headers)

    def _refused(self, rows: Sequence[Row], request: Request) -> Answer | None:
        if not rows:
            return _missing()
        if len(rows) > self.most:
            return Answer(b"", status=413)
        since = request.query.get("updatedAfter")
        return Answer(b"", status=204) if since is not None and self.changed < since else None

    def _ready(self) -> Answer:
        """The delayed answer, in a zip, once it was asked for often enough."""
        self.not_yet -= 1
        if self.not_yet >= 0:
            return _missing() if self.delayed == "footer" else Answer(_QUEUE, "text/xml")
        return Answer(self._later, "application/octet-stream")


def zipped(body: bytes) -> bytes:
    """A zip with one message."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("message", body)
    return file.getvalue()


_FOOTER = b"""<?xml version="1.0" encoding="UTF-8"?>
<m:GenericData xmlns:f="f" xmlns:c="c" xmlns:m="m"><m:Header><m:ID>1</m:ID></m:Header><f:Footer>
<f:Message code="413" severity="Infomation"><c:Text xml:lang="en">It will be a file at: LINK</c:Text>
<c:Text xml:lang="en">LINK</c:Text><c:Text>Look every 5 minutes.</c:Text></f:Message></f:Footer></m:GenericData>"""
_QUEUE = b"""<?xml version="1.0"?><e:Envelope xmlns:e="e"><e:Header/><e:Body><n:syncResponse xmlns:n="n">
<processingTime>92</processingTime><queued><id>e3d39a1b-27eb</id><status>SUBMITTED</status></queued></n:syncResponse>
</e:Body></e:Envelope>"""


def _is_asked(cube: Cube, row: dict[str, str], key: str, request: Request) -> bool:
    parts = [] if key in {"all", "*"} else key.split(".")
    inside = all(
        part in {"", "*"} or row[one.id] in part.split("+")
        for one, part in zip(cube.dimensions, parts, strict=False)
    )
    for one in cube.dimensions:  # as 3.0 writes several codes
        several = request.query.get(f"c[{one.id}]")
        inside = inside and (several is None or row[one.id] in several.split(","))
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
