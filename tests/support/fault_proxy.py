"""A proxy in front of an S3 server: it knows each request, and can lose, cut, refuse or watch it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote, urlsplit

from support.patience import PATIENCE

HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding")


class Exchange(BaseHTTPRequestHandler):
    """
    One request and its reply. A rule decides with the methods below what becomes of them; each may
    be called once.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    number: int
    """Of this request among all, from 1."""

    method: str
    key: str
    """Path of the object below the bucket; of a listing, the prefix."""

    upstream: http.client.HTTPConnection | None = None

    def pass_on(self) -> None:
        """Let it happen."""
        self._reply(*self._forward(self._body()))

    def answer(self, status: int, code: str = "", text: str = "") -> None:
        """Answer in the server's place, with S3's error *code* or a *text*; it never hears of it."""
        self._body()
        if code and not text:
            text = f"<Error><Code>{code}</Code><Message>As the test says.</Message></Error>"
        self._reply(status, [("content-type", "application/xml")], text.encode())

    def lose(self) -> None:
        """Cut the wire with a reset before the server hears of it."""
        self._body()
        self._reset()

    def lose_reply(self, then: Callable[[], None] = lambda: None) -> None:
        """Cut the wire with a reset after the server has done it, and *then* was done."""
        self._forward(self._body())
        then()
        self._reset()

    def cut_upload(self) -> None:
        """Cut both wires with a reset when half of the body has passed."""
        half = self.rfile.read(int(self.headers.get("content-length") or 0) // 2)
        with socket.create_connection(self.server.target, 5) as upstream:
            upstream.sendall(f"{self.requestline}\r\n{self.headers}".encode("latin-1") + half)
            _reset_on_close(upstream)
        self._reset()

    def cut_download(self, *, told: bool = True) -> None:
        """End the reply half way; without *told*, its length is said to be what came."""
        status, headers, body = self._forward(self._body())
        half = body[: len(body) // 2]
        self._reply(status, headers, half, length=len(body) if told else len(half))
        self.close_connection = True

    def change_reply(self, change: Callable[[str, str], str]) -> None:
        """Let it happen, with other headers in the reply: *change* maps name and value to a value."""
        status, headers, body = self._forward(self._body())
        self._reply(status, [(name, change(name.lower(), value)) for name, value in headers], body)

    def handle_one_request(self) -> None:
        # Who is killed, or does not wait, is no trouble of the proxy's.
        with contextlib.suppress(OSError, http.client.HTTPException):
            super().handle_one_request()
            return
        self.close_connection = True

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        if self.upstream is not None:
            self.upstream.close()

    def _handle(self) -> None:
        self.method = self.command
        path, _, query = self.path.partition("?")
        listed = [p[7:] for p in query.split("&") if p.startswith("prefix=")]
        self.key = unquote(listed[0] if listed else path.lstrip("/").partition("/")[2])
        self.number = self.server.count(self.method, self.key)
        self.server.rule(self)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _handle  # noqa: N815

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if self.upstream is None:
            self.upstream = http.client.HTTPConnection(*self.server.target, timeout=PATIENCE)
        self.upstream.putrequest(self.method, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            self.upstream.putheader(name, value)
        self.upstream.endheaders(body or None)
        reply = self.upstream.getresponse()
        return reply.status, reply.getheaders(), reply.read()

    def _reply(
        self, status: int, headers: list[tuple[str, str]], body: bytes, length: int | None = None
    ) -> None:
        self.send_response_only(status)
        told = dict(headers) if self.method == "HEAD" else {}
        for name, value in headers:
            if name.lower() not in {*HOP_BY_HOP, "content-length"}:
                self.send_header(name, value)
        size = told.get("Content-Length", len(body) if length is None else length)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        _reset_on_close(self.connection)
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Tests are silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    target: tuple[str, int]
    rule: Callable[[Exchange], None]
    count: Callable[[str, str], int]

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        # The base class would say goodbye first, and a reset must not.
        self.close_request(request)


class FaultProxy:
    """
    The proxy, as a context manager. *rule* may be changed at any time; ``seen`` holds method and key
    of every request.
    """

    def __init__(self, target: str, rule: Callable[[Exchange], None] = Exchange.pass_on) -> None:
        self.rule = rule
        self.seen: list[tuple[str, str]] = []
        self._guard = threading.Lock()
        address = urlsplit(target)
        self._server = _Server(("127.0.0.1", 0), Exchange)
        self._server.target = (str(address.hostname), int(address.port or 80))
        self._server.rule = lambda exchange: self.rule(exchange)  # noqa: PLW0108 - may change
        self._server.count = self._count
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _count(self, method: str, key: str) -> int:
        with self._guard:
            self.seen.append((method, key))
            return len(self.seen)


def _reset_on_close(wire: socket.socket) -> None:
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
