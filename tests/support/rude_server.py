"""A server that writes raw bytes to its sockets: what a well-behaved HTTP library never sends."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Self

Script = Callable[[socket.socket], None]


class RudeServer:
    """
    Runs a script a connection, once the head of a request has arrived; use it as a context manager.

    ``heads`` are the requests, as bytes. The last script also serves the connections after it. With a
    *tls* context, sockets are encrypted. *at_once* does not wait for a request.
    """

    def __init__(
        self, *scripts: Script | bytes, tls: ssl.SSLContext | None = None, at_once: bool = False
    ) -> None:
        self.scripts = list(scripts)
        self.heads: list[bytes] = []
        self._tls = tls
        self._at_once = at_once
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def address(self) -> str:
        """
        Host and port.
        """
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        """
        The address of a file.
        """
        return f"http{'s' if self._tls else ''}://{self.address}/SAPCE.zip"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def drip(self, *pieces: bytes, every: float = 0.01) -> Script:
        """Send the pieces one after the other, the last again and again, until nobody listens."""

        def script(wire: socket.socket) -> None:
            for piece in _for_ever(pieces):
                wire.sendall(piece)
                if self._ended.wait(every):
                    return

        return script

    def silent(self, first: bytes = b"") -> Script:
        """Send a start, and nothing more."""

        def script(wire: socket.socket) -> None:
            wire.sendall(first)
            self._ended.wait(10)

        return script

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                wire, _ = self._listener.accept()
            except OSError:
                return
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            self._start(self._serve, wire, script)

    def _serve(self, wire: socket.socket, script: Script | bytes) -> None:
        with contextlib.suppress(OSError):
            wire.settimeout(10)
            if self._tls is not None:
                wire = self._tls.wrap_socket(wire, server_side=True)
            with wire:
                head = b""
                while not self._at_once and b"\r\n\r\n" not in head:
                    piece = wire.recv(65536)
                    if not piece:
                        return
                    head += piece
                self.heads.append(head)
                if isinstance(script, bytes):
                    wire.sendall(script)
                else:
                    script(wire)


def _for_ever(pieces: Iterable[bytes]) -> Iterable[bytes]:
    last = b""
    for last in pieces:
        yield last
    until = time.monotonic() + 20
    while time.monotonic() < until:
        yield last


def reply(body: bytes = b"", status: str = "200 OK", **headers: str | bytes) -> bytes:
    """Write an answer; ``Retry_After="1"`` is a header. Header values may be any bytes."""
    lines = [b"HTTP/1.1 " + status.encode()]
    told = {"Content-Length": str(len(body)), "Connection": "close", **headers}
    for name, value in told.items():
        raw = value if isinstance(value, bytes) else value.encode("latin-1")
        lines.append(name.replace("_", "-").encode() + b": " + raw)
    return b"\r\n".join([*lines, b"", body])
