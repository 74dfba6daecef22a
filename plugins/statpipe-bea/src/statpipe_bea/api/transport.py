"""The one place where the key joins a request, and where answers lose it again.

Whatever lies above (httpx's client, its log, its exceptions, this package) sees requests without the
key and answers that have been read to their end, bounded and redacted.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from statpipe.api import ConfigError, Secret
from statpipe_bea.api.address import proxy_for
from statpipe_bea.api.redaction import Redactor

KEPT_HEADERS = ("content-type", "retry-after")
KNOWN_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})


class TooLarge(Exception):
    """
    An answer went on beyond the size that any answer has.
    """


class KeyedTransport(httpx.BaseTransport):
    """
    Adds the key on the way out and removes it on the way in.

    *largest* bounds an answer in bytes after decompression, *seconds* the time it takes to come.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        key: Secret,
        largest: int,
        seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._inner = inner
        self._key = key
        self._redactor = Redactor(key)
        self._largest = largest
        self._seconds = seconds
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send a copy of the request with the key, and return its answer without.
        """
        failure: Exception
        try:
            return self._read(self._inner.handle_request(self._with_key(request)))
        except TooLarge as error:
            failure = TooLarge(str(error))
        except (httpx.TransportError, httpx.DecodingError) as error:
            failure = type(error)(self._redactor.text(str(error)))
        except Exception as error:  # noqa: BLE001
            failure = RuntimeError(self._redactor.text(f"{type(error).__name__}: {error}"))
        # Raised here, a new error has no context: the frames of the old one hold the key.
        raise failure

    def close(self) -> None:
        """
        Release the connections.
        """
        self._inner.close()

    def _with_key(self, request: httpx.Request) -> httpx.Request:
        return httpx.Request(
            request.method,
            request.url.copy_add_param("UserID", self._key.reveal()),
            headers=request.headers,
            extensions=request.extensions,
        )

    def _read(self, response: httpx.Response) -> httpx.Response:
        try:
            body = self._redactor.body(self._body(response))
        finally:
            response.close()
        headers = {name: response.headers.get(name, "") for name in KEPT_HEADERS}
        return httpx.Response(
            response.status_code,
            headers={name: self._redactor.text(value) for name, value in headers.items()},
            content=body,
            extensions={"redirected_to": self._redactor.text(_redirected_to(response))},
        )

    def _body(self, response: httpx.Response) -> bytes:
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in KNOWN_ENCODINGS:
            # Encodings on top of each other multiply what a few bytes can swell to.
            raise httpx.DecodingError(f"content-encoding {encoding!r} was not asked for")
        chunks, size, end = [], 0, self._clock() + self._seconds
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._largest:
                raise TooLarge(f"more than {self._largest:,} bytes")
            if self._clock() > end:
                raise httpx.ReadTimeout(f"not complete after {self._seconds:.0f} s")
        return b"".join(chunks)


def network_to(address: httpx.URL) -> httpx.BaseTransport:
    """
    Open the way to the API, through the proxy that the surroundings name.

    :raises ConfigError: That proxy is none that can be used.
    """
    try:
        return httpx.HTTPTransport(proxy=proxy_for(address))
    except (ValueError, ImportError, httpx.InvalidURL):
        raise ConfigError(
            "the proxy in HTTPS_PROXY cannot be used: give it as http://host:port, or unset it"
        ) from None


def _redirected_to(response: httpx.Response) -> str:
    """Give the host alone: the rest of a redirect's address may hold the key."""
    if not response.has_redirect_location:
        return ""
    try:
        return httpx.URL(response.headers["location"]).host
    except httpx.InvalidURL:
        return ""
