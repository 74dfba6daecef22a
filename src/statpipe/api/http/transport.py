"""The connection to an agency: one answer at a time, bounded in time and size.

The credential is added to a request here, as it is sent, and removed from the answer here. The code
above only sees addresses without it.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

import attrs
import httpcore
import httpx

from statpipe.api.http.address import checked_address, is_here
from statpipe.api.http.answer import Answer
from statpipe.api.http.certificates import Trust, trust_of
from statpipe.api.http.credential import Credential
from statpipe.api.http.deadline import BoundedBackend, Deadline
from statpipe.api.http.decoding import TooLarge, decoded
from statpipe.api.http.one_line import one_line
from statpipe.api.http.proxy import Proxy, proxy_for
from statpipe.api.http.redaction import LogGuard, Redactor
from statpipe.api.http.redirect import MOST, REDIRECTS, next_address
from statpipe.api.http.request import Request
from statpipe.api.http.retries import Passing
from statpipe.api.http.trouble import TROUBLE, Trouble
from statpipe.domain.errors import ConfigError, ContentError, Rejected, Unavailable
from statpipe.domain.secret import Secret

MEBIBYTE = 1024 * 1024
CONNECT_SECONDS = 20.0
"""Seconds for each address of a host."""
IDLE_SECONDS = 5.0
"""Seconds after which an idle connection is not reused, because servers close them."""


class Transport:
    """
    Connections to the servers of an agency. For one thread.

    *agent* names the client. A *credential* is added to each request; then no redirect is followed.
    *largest* bounds an answer in bytes, compressed and decompressed; *seconds* bounds the time for
    all of it, from the name look-up on and including redirects; *silence* bounds each wait for more
    of it.

    Proxies and certificates are those that the *environment* names: ``HTTPS_PROXY``, ``HTTP_PROXY``,
    ``ALL_PROXY``, ``NO_PROXY``, ``SSL_CERT_FILE``, ``SSL_CERT_DIR``, ``REQUESTS_CA_BUNDLE``.

    ::

        with Transport(agent="my-plugin/1.0") as transport:
            answer = transport.get("https://agency.example/data.csv")
    """

    def __init__(
        self,
        *,
        agent: str,
        credential: Credential | None = None,
        accept: str = "*/*",
        largest: int = 64 * MEBIBYTE,
        seconds: float = 300.0,
        silence: float = 60.0,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if credential is not None:
            credential.checked()
        self._credential = credential
        self._now = now
        self._headers = {"User-Agent": agent, "Accept": accept, "Accept-Encoding": "gzip"}
        self._largest = largest
        self._seconds = seconds
        self._timeouts = {
            "connect": min(CONNECT_SECONDS, silence),
            "read": silence,
            "write": silence,
            "pool": silence,
        }
        self._environment = os.environ if environment is None else environment
        self._deadline = Deadline(clock)
        self._trust: Trust | None = None
        self._pools: dict[str, httpcore.ConnectionPool] = {}
        self._redactor = Redactor(credential.value if credential else Secret(""))
        self._guard = LogGuard(self._redactor) if credential else None
        if self._guard is not None:
            self._guard.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def get(
        self,
        address: str,
        parameters: Mapping[str, str] | None = None,
        *,
        name: str = "",
    ) -> Answer:
        """
        Request an address. Raises what :meth:`ask` raises.
        """
        return self.ask(Request(address=address, parameters=parameters or {}), name=name)

    def ask(self, asked: Request, *, name: str = "") -> Answer:
        """
        Return the answer to one request, whatever its status. *name* begins each message.

        A request with a credential or a document never follows a redirect.

        :raises Passing: The server cannot be reached or does not answer properly, perhaps
        temporarily.
        :raises Unavailable: It cannot be reached, and retrying would not help.
        :raises ContentError: The answer is too large.
        :raises ConfigError: The address, a proxy, the credential or the certificates cannot be used.
        """
        keyed = self._credential is not None
        url = checked_address(asked.address, what=name or "the address", keyed=keyed)
        url = url.copy_merge_params(dict(asked.parameters)) if asked.parameters else url
        self._deadline.start(self._seconds)
        outcome = self._followed(asked, url, f"{name}: " if name else "")
        if isinstance(outcome, Exception):
            # Raised here, it has no context: the frames of the library's own error hold the key.
            raise outcome
        return attrs.evolve(outcome, name=name, request=asked.recorded, retrieved=self._now())

    def close(self) -> None:
        """
        Release the connections.
        """
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        if self._guard is not None:
            self._guard.stop()

    def _followed(self, asked: Request, url: httpx.URL, start: str) -> Answer | Exception:
        """Follow redirects, unless the request has a credential or a document."""
        stays = self._credential is not None or asked.document is not None
        seen: set[httpx.URL] = set()
        while True:
            outcome = self._exchanged(asked, url, start)
            if isinstance(outcome, Exception) or not outcome.redirect or stays:
                return outcome
            seen.add(url)
            target, flaw = next_address(url, outcome.redirect)
            if target is None:
                msg = (
                    f"{start}{url.host} redirects to {one_line(flaw)}, which is not followed; if the "
                    "agency has moved, configure its new address"
                )
                return Rejected(msg)
            if target in seen or len(seen) > MOST:
                msg = f"{start}{url.host} redirects in circles, to {target.host}; run again later"
                return Passing(Unavailable(msg))
            url = target

    def _exchanged(self, asked: Request, url: httpx.URL, start: str) -> Answer | Exception:
        """Return an error instead of raising it: the frames below hold the credential."""
        proxy: Proxy | None = None
        try:
            proxy = self._proxy(url)
            return self._answer(asked, url, proxy)
        except ConfigError as error:
            return error
        except TooLarge as error:
            return ContentError(
                f"{start}the answer of {url.host} is too large: {error}; ask for less, or check "
                "the address"
            )
        except TROUBLE as error:
            return self._trouble(error, url, start, proxy)
        except Exception as error:
            if type(error).__module__.partition(".")[0] == "socksio":
                return self._trouble(error, url, start, proxy)
            if self._credential is None:
                raise
            return RuntimeError(self._redactor.text(f"{type(error).__name__}: {error}"))

    def _answer(self, asked: Request, url: httpx.URL, proxy: Proxy | None) -> Answer:
        headers = {"Host": url.netloc.decode("ascii"), **self._headers, **asked.headers}
        sent, headers, body = asked.leaving(url, headers, self._credential)
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=sent)
        with self._pool(proxy).stream(
            asked.method,
            target,
            headers=list(headers.items()),
            content=body,
            extensions={"timeout": self._timeouts},
        ) as response:
            if response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and proxy:
                raise httpcore.ProxyError("407 Proxy Authentication Required")
            told = _headers(response.headers)
            encoding = told.get("content-encoding", "")
            body = decoded(response.iter_stream(), encoding, largest=self._largest)
        clean = {name: self._redactor.text(value) for name, value in told.items()}
        return Answer(
            url=str(url),
            status=response.status,
            headers=clean,
            body=self._redactor.body(body),
            redirect=clean.get("location", "") if response.status in REDIRECTS else "",
        )

    def _proxy(self, url: httpx.URL) -> Proxy | None:
        if self._credential is not None and url.scheme == "http" and is_here(url.host):
            return None  # nobody in between sees the credential
        return proxy_for(url, self._environment)

    def _pool(self, proxy: Proxy | None) -> httpcore.ConnectionPool:
        if self._trust is None:
            self._trust = trust_of(self._environment)
        known = "" if proxy is None else str(proxy.url)
        if known not in self._pools:
            self._pools[known] = httpcore.ConnectionPool(
                ssl_context=self._trust.context,
                proxy=None if proxy is None else _opened(proxy, self._trust.context),
                keepalive_expiry=IDLE_SECONDS,
                network_backend=BoundedBackend(self._deadline),
            )
        return self._pools[known]

    def _trouble(
        self, error: Exception, url: httpx.URL, start: str, proxy: Proxy | None
    ) -> Exception:
        trouble = Trouble(
            url=url,
            start=start,
            proxy=proxy,
            late=self._seconds if self._deadline.is_over() else None,
            certificates=self._trust.variables if self._trust else (),
            redactor=self._redactor,
        )
        return trouble.failure(error)


def _opened(proxy: Proxy, context: ssl.SSLContext) -> httpcore.Proxy:
    url = proxy.url
    login = (url.username.encode(), url.password.encode()) if url.userinfo else None
    address = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/")
    secure = context if url.scheme == "https" else None
    return httpcore.Proxy(address, auth=login, ssl_context=secure)


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return names in lower case and the values of repeated ones in one, as a list."""
    found: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        text = _decoded_value(value)
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _decoded_value(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
