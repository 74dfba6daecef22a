"""The time limit of a whole answer: looking up the name, connecting, TLS, headers and body
together.

The HTTP library only limits each wait for the next bytes, so a server that sends one byte per
second could continue without end. Here every wait also ends when the time for the whole answer is
over.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

import httpcore


class Deadline:
    """
    The time at which an answer must be complete.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = float("inf")
        self.passed = False

    def start(self, seconds: float) -> None:
        """
        Allow *seconds* from now on.
        """
        self._end, self.passed = self._clock() + seconds, False

    def left(self, timeout: float | None = None) -> float:
        """
        Return the seconds that are left, *timeout* at most.

        :raises httpcore.ReadTimeout: No time is left.
        """
        left = self._end - self._clock()
        if left <= 0:
            self.passed = True
            raise httpcore.ReadTimeout("out of time")
        return left if timeout is None else min(left, timeout)

    def is_over(self) -> bool:
        """
        Return whether the time is over.
        """
        self.passed = self.passed or self._clock() >= self._end
        return self.passed


class BoundedBackend(httpcore.NetworkBackend):
    """
    Opens connections whose every wait ends at the deadline.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """
        Connect to the first address of *host* that answers; *timeout* is for each, in seconds.
        """
        failure: Exception = httpcore.ConnectError(f"the name {host} has no address")
        for address in resolved(host, port, self._deadline.left(timeout)):
            left = self._deadline.left(timeout)
            try:
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return BoundedStream(stream, self._deadline)
        raise failure


class BoundedStream(httpcore.NetworkStream):
    """
    A connection whose every wait ends at the deadline.
    """

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Wait for bytes."""
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Do the TLS handshake."""
        left = self._deadline.left(timeout)
        return BoundedStream(
            self._inner.start_tls(ssl_context, server_hostname, left), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        """Return additional information about the connection for the library."""
        return self._inner.get_extra_info(info)


def resolved(host: str, port: int, seconds: float) -> list[str]:
    """
    Return the IP addresses of a host, in the order of the system.

    The system's look-up cannot be interrupted. It runs in a separate thread that ends by itself.

    :raises httpcore.ConnectError: The name is not known.
    :raises httpcore.ConnectTimeout: The look-up took too long.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    found: Future[list[str]] = Future()

    def look_up() -> None:
        try:
            listed = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.set_result(list(dict.fromkeys(str(entry[4][0]) for entry in listed)))
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that asked
            found.set_exception(error)

    threading.Thread(target=look_up, name="statpipe-look-up", daemon=True).start()
    try:
        return found.result(seconds)
    except TimeoutError:
        msg = f"the name {host} was not found within {seconds:.0f} s"
        raise httpcore.ConnectTimeout(msg) from None
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"the name {host} cannot be looked up: {error}") from error
