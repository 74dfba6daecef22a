"""Asks BEA's Data API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version

import attrs
import httpx

from statpipe.api import ContentError, Payload, Secret, StatpipeError, Unavailable
from statpipe_bea.api.address import checked_url
from statpipe_bea.api.budgets import Budgets, Limits
from statpipe_bea.api.memo import Memo
from statpipe_bea.api.redaction import LogGuard, Redactor, checked_key
from statpipe_bea.api.replies import payload_of
from statpipe_bea.api.retries import Passing, Patience, persist
from statpipe_bea.api.transport import KeyedTransport, TooLarge, network_to

MEBIBYTE = 1024 * 1024
LARGEST_ANSWER = 64 * MEBIBYTE
"""A hundred times the largest answer for one line of a table."""

REMEMBERED = 64 * MEBIBYTE


def _now() -> datetime:
    return datetime.now(UTC)


class BeaClient:
    """
    One key's connection to the API. For one thread.

    The key is added to requests in the innermost transport and taken out of answers there; nothing
    else holds it. Requests wait for BEA's budgets, and what may pass is asked again. *now* gives the
    date and time in UTC, *clock* seconds for measuring, *sleep* waits.

    :raises ConfigError: The key is none, or *url* is none that a key may be sent to.
    """

    def __init__(
        self,
        *,
        key: Secret,
        url: str,
        limits: Limits | None = None,
        patience: Patience | None = None,
        largest_answer: int = LARGEST_ANSWER,
        timeout: float = 60.0,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        checked_key(key)
        self._url = checked_url(url)
        self._limits = limits or Limits()
        self._patience = patience or Patience()
        self._now = now
        self._clock = clock
        self._budgets = Budgets(self._limits, clock=clock, sleep=sleep)
        self._memo = Memo(REMEMBERED)
        self._requests = 0
        transport = KeyedTransport(
            network_to(self._url),
            key=key,
            largest=largest_answer,
            seconds=self._patience.seconds,
            clock=clock,
        )
        self._guard = LogGuard(Redactor(key))
        self._guard.start()
        self._http = httpx.Client(
            transport=transport,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            headers={
                "User-Agent": f"statpipe-bea/{version('statpipe-bea')}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            },
        )

    def __repr__(self) -> str:
        return f"BeaClient(url={str(self._url)!r}, requests={self._requests})"

    @property
    def requests(self) -> int:
        """
        How many requests went out, tries included.
        """
        return self._requests

    def ask(self, name: str, parameters: Mapping[str, str]) -> Payload:
        """
        Return the answer to *parameters* as a payload of this name.

        What was asked before is not asked again.

        :raises Rejected: BEA refuses the key or the request.
        :raises ContentError: The answer is none of BEA's; ``payload`` is what arrived.
        :raises Unavailable: BEA cannot be reached, has trouble, or is throttling.
        """
        if any(parameter.lower() == "userid" for parameter in parameters):
            raise ValueError("the key is no parameter of a request: the client adds it itself")
        known = self._memo.recall(parameters)
        if known is not None:
            return attrs.evolve(known, name=name)
        payload = persist(
            lambda: self._try(name, parameters),
            patience=self._patience,
            clock=self._clock,
            longest_lock_out=self._limits.longest_lock_out,
        )
        self._memo.remember(parameters, payload)
        return payload

    def close(self) -> None:
        """
        Release the connection.
        """
        self._http.close()
        self._guard.stop()

    def _try(self, name: str, parameters: Mapping[str, str]) -> Payload:
        self._budgets.wait_for_room()
        try:
            response = self._send(name, parameters)
            self._budgets.received(len(response.content))
            return payload_of(
                response,
                name=name,
                request={"url": str(self._url), **parameters},
                retrieved=self._now(),
            )
        except Passing as passing:
            self._budgets.failed()
            self._budgets.lock_out(passing.wait)
            raise
        except StatpipeError:
            self._budgets.failed()
            raise

    def _send(self, name: str, parameters: Mapping[str, str]) -> httpx.Response:
        self._requests += 1
        try:
            return self._http.get(self._url, params=dict(parameters))
        except TooLarge as error:
            raise ContentError(
                f"{name}: BEA's answer is too large: {error}; ask for less, or look what is there at "
                f"{self._url}"
            ) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            what = f"{type(error).__name__}: {error}".rstrip(": ")
            raise Passing(
                Unavailable(
                    f"{name}: BEA cannot be reached at {self._url.host} ({what}): look at the "
                    "network, then run again"
                )
            ) from None
