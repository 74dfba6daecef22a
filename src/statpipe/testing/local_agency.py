"""An agency on this machine: it answers as it is told to, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from attrs import define, evolve, field, frozen


@frozen
class Request:
    """
    What the agency was asked. Names of headers are in lower case.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def everything(self) -> str:
        """
        All of it as one text.
        """
        return f"{self.method} {self.path} {dict(self.query)} {dict(self.headers)} {self.body!r}"


@frozen
class Answer:
    """
    What goes over the wire. After *cut* bytes of the body the connection is closed.
    """

    body: bytes
    media_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(factory=dict)
    cut: int | None = None


Fault = Callable[[Request, Answer], Answer | None]
"""What goes wrong: gives another answer, or ``None`` to close the connection without a word."""


@frozen
class _Rule:
    path: str
    query: Mapping[str, str]
    answer: Answer


@define(eq=False)
class LocalAgency:
    """
    A web server on this machine that stands for an agency. Use it as a context manager::

        with LocalAgency() as agency:
            agency.answer("/prices", (HERE / "prices.json").read_bytes())
            agency.answer("/prices", b'{"rows": []}', query={"port": "MOM"})
            source = TeaSource(Settings(url=agency.url, key=Secret(canary)))

    The answer given last that fits is sent; what fits no answer is told 404. An ``ETag`` or
    ``Last-Modified`` among the headers is honoured: who sends it back hears 304. The header ``Date``
    goes on by a day with each answer, since it is no date of a release. For more than that, give
    :meth:`answer_with` a function.

    ``requests`` are all requests so far, ``served`` the bodies that were sent, ``told`` the headers of each
    answer, without those that every server sends. ``port`` is any that is
    free, unless you name one.
    """

    requests: list[Request] = field(factory=list)
    served: list[bytes] = field(factory=list)
    told: list[Mapping[str, str]] = field(factory=list)
    fault: Fault | None = None
    port: int = 0
    _rules: list[_Rule] = field(factory=list)
    _function: Callable[[Request], Answer | bytes | None] | None = None
    _server: Any = None

    @property
    def url(self) -> str:
        """
        The address of the agency, without a slash at its end.
        """
        if self._server is None:
            msg = "the agency is not at work; use it as `with LocalAgency() as agency:`"
            raise RuntimeError(msg)
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(
        self,
        path: str,
        body: bytes | str,
        *,
        media_type: str = "application/json",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> None:
        """
        Say what is answered at *path*, to requests that have at least these parameters.
        """
        content = body.encode() if isinstance(body, str) else body
        self._rules.insert(
            0, _Rule(path, query or {}, Answer(content, media_type, status, headers or {}))
        )

    def answer_with(self, function: Callable[[Request], Answer | bytes | None]) -> None:
        """
        Let a function answer first; where it gives ``None``, the other answers are looked at.
        """
        self._function = function

    def reply(self, request: Request) -> Answer:
        """
        Return what is answered while nothing is wrong.
        """
        made = self._function(request) if self._function else None
        if isinstance(made, bytes):
            return Answer(made)
        if made is not None:
            return made
        for rule in self._rules:
            if rule.path.rstrip("/") == request.path.rstrip("/") and all(
                request.query.get(name) == value for name, value in rule.query.items()
            ):
                return _unless_known(request, rule.answer)
        return Answer(b'{"error": "the local agency has no answer for this"}', status=404)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.agency = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server = None


def _unless_known(request: Request, answer: Answer) -> Answer:
    for told, asked in (("etag", "if-none-match"), ("last-modified", "if-modified-since")):
        known = {name.lower(): value for name, value in answer.headers.items()}.get(told)
        if known is not None and request.headers.get(asked) == known:
            return evolve(answer, body=b"", status=304)
    return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    agency: LocalAgency

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        agency = self.server.agency
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        number = len(agency.requests)
        agency.requests.append(request)
        answer: Answer | None = agency.reply(request)
        if agency.fault is not None and answer is not None:
            answer = agency.fault(request, answer)
        self.close_connection = True
        if answer is None:
            return
        self.send_response_only(answer.status)
        day = datetime(2031, 1, 1, tzinfo=UTC) + timedelta(days=number)
        length = 0 if answer.status == 304 else len(answer.body)
        headers = {"Date": format_datetime(day, usegmt=True), "Connection": "close"}
        headers |= {"Content-Type": answer.media_type, "Content-Length": str(length)}
        agency.told.append(dict(answer.headers))
        for name, value in (headers | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            body = answer.body if answer.cut is None else answer.body[: answer.cut]
            agency.served.append(answer.body)  # first: who has read the body may look here at once
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = _answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""
