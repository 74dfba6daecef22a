"""A local agency for tests: it sends given answers, and records requests."""

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
    A request to the agency. Names of headers are in lower case.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def everything(self) -> str:
        """
        The complete request as one text.
        """
        return f"{self.method} {self.path} {dict(self.query)} {dict(self.headers)} {self.body!r}"


@frozen
class Answer:
    """
    An answer. With *cut*, the connection is closed after that many bytes of the body.
    """

    body: bytes
    media_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(factory=dict)
    cut: int | None = None


Fault = Callable[[Request, Answer], Answer | None]
"""A fault: a function that returns another answer, or ``None`` to close the connection without an
answer."""


@frozen
class _Rule:
    path: str
    query: Mapping[str, str]
    answer: Answer


@define(eq=False)
class LocalAgency:
    """
    A local web server that plays an agency. Use it as a context manager::

        with LocalAgency() as agency:
            agency.answer("/prices", (HERE / "prices.json").read_bytes())
            agency.answer("/prices", b'{"rows": []}', query={"port": "MOM"})
            source = TeaSource(Settings(url=agency.url, key=Secret(canary)))

    The last given answer that matches is sent, or 404 if none matches. An ``ETag`` or
    ``Last-Modified`` among the headers is honoured: a conditional request with it gets 304. The
    header ``Date`` advances by a day with each answer, because it is not the date of a release. For
    anything else, give :meth:`answer_with` a function.

    ``requests`` are all requests so far, ``served`` the bodies that were sent, and ``told`` the
    headers of each answer, without those that every server sends. ``port`` is a free one by
    default.
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
        The URL of the agency, without a trailing slash.
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
        Set the answer at *path* to requests with at least these parameters.
        """
        content = body.encode() if isinstance(body, str) else body
        self._rules.insert(
            0, _Rule(path, query or {}, Answer(content, media_type, status, headers or {}))
        )

    def answer_with(self, function: Callable[[Request], Answer | bytes | None]) -> None:
        """
        Let a function answer first. If it returns ``None``, the other answers are used.
        """
        self._function = function

    def reply(self, request: Request) -> Answer:
        """
        Return the answer without a fault.
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
        """Print nothing about a client that closed the connection."""


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
            agency.served.append(
                answer.body
            )  # first, because a test that has read the body may look here at once
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = _answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Print nothing."""
