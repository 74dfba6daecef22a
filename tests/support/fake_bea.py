"""A server on this machine that answers as BEA's API does, from BEA's own figures.

::

    with FakeBea("tests/data/SAPCE.zip") as fake:
        fake.faults += [too_many(retry_after="1"), None]     # for the next requests, in order
        fake.change("SAPCE1", "1", "06000", "2021", "1.0")   # a figure moves, its date does not
        ... ask fake.url with fake.key ...
        assert len(fake.requests) == 2

It shares no code with the product, enforces nothing by time, and remembers what it was asked.
The faults are in :mod:`support.bea_faults`.
"""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from support.bea_answers import answer
from support.bea_figures import Table, bytes_of, read_tables

KEY = "C0FFEE00-dead-4BAD-8bad-00CaFe00Beef"
"""The key that the fake knows; tests look for it where it must not be."""


@dataclass
class Answer:
    """
    What goes over the wire. A fault takes one and returns another.

    *length* is a wrong Content-Length, *cut* the number of bytes after which the connection is
    reset, *delay* the seconds before the first byte.
    """

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    cut: int | None = None
    delay: float = 0


Fault = Callable[[Answer], Answer]


class FakeBea:
    """
    The server. Use it as a context manager; its attributes may be changed while it runs.

    ``faults`` holds the faults of the next requests to the API (``None`` for none); ``always`` is a
    fault of every request. ``requests`` are the parameters of each request to the API, names in
    lower case, and ``paths`` the paths of all requests.
    """

    def __init__(self, bulk: Path | str | bytes, *, key: str = KEY) -> None:
        self.key = key
        self._first = bytes_of(bulk)
        self._changed = False
        self.bulk = self._first
        self.tables: dict[str, Table] = read_tables(self.bulk)
        self.faults: deque[Fault | None] = deque()
        self.always: Fault | None = None
        self.requests: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._data: dict[tuple[str, ...], str] = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """
        Scheme, host and port.
        """
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """
        The address of the API.
        """
        return f"{self.address}/api/data"

    @property
    def zip_url(self) -> str:
        """
        The address of the bulk file.
        """
        return f"{self.address}/regional/zip/SAPCE.zip"

    def change(self, table: str, line: str, fips: str, year: str, value: str) -> None:
        """
        Change one figure, and nothing else.
        """
        self.tables[table].figures[line][fips][year] = value
        self._forget()

    def date(self, table: str, last_updated: str) -> None:
        """
        Change the note that says when the table was last updated.
        """
        self.tables[table].last_updated = last_updated
        self._forget()

    def publish(self, bulk: Path | str | bytes, rename: Mapping[str, str] | None = None) -> None:
        """
        Publish another vintage: the tables of another bulk file take the place of those here.
        """
        self.bulk = bytes_of(bulk)
        self.tables = {**self.tables, **read_tables(self.bulk, rename)}
        self._forget()

    def reset(self) -> None:
        """
        Be as new, for the next test.
        """
        self.faults.clear()
        self.always = None
        self.requests, self.paths = [], []
        if self._changed:
            self.bulk, self._changed = self._first, False
            self.tables = read_tables(self.bulk)
            self._data.clear()

    def _forget(self) -> None:
        self._changed = True
        self._data.clear()

    def reply(self, query: str) -> Answer:
        """
        Answer a request to the API, with the fault that is due.
        """
        parameters = {name.lower(): value for name, value in parse_qsl(query)}
        self.requests.append(parameters)
        text = answer(self.tables, self.key, parameters, self._data)
        result = Answer(text.encode(), headers={"Content-Type": "application/json;charset=utf-8"})
        fault = self.faults.popleft() if self.faults else self.always
        return fault(result) if fault else result


def shuffle(body: bytes, seed: int = 1) -> bytes:
    """
    Return an answer with its rows in another order.
    """
    document = json.loads(body)
    random.Random(seed).shuffle(document["BEAAPI"]["Results"]["Data"])
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    fake: FakeBea

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        fake = self.server.fake
        fake.paths.append(parts.path)
        if parts.path == "/api/data":
            self._send(fake.reply(parts.query))
        elif parts.path.startswith("/regional/zip/"):
            self._send(Answer(fake.bulk, headers={"Content-Type": "application/zip"}))
        else:
            self._send(Answer(b"", status=404))

    def _send(self, result: Answer) -> None:
        time.sleep(result.delay)
        length = len(result.body) if result.length is None else result.length
        lines = [f"HTTP/1.1 {result.status} {HTTPStatus(result.status).phrase}"]
        headers = {"Content-Length": str(length), **result.headers}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        if result.cut is None:
            self.wfile.write(head + result.body)
            self.close_connection = length != len(result.body)
        else:
            self._reset(head + result.body[: result.cut])

    def _reset(self, sent: bytes) -> None:
        """Send a part and then reset the connection instead of closing it."""
        self.wfile.write(sent)
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Write no access log: it would hold the key."""


__all__ = ["KEY", "Answer", "FakeBea", "Fault", "shuffle"]
