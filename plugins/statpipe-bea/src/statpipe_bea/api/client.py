"""Asks BEA's Data API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version

import attrs

from statpipe.api import Payload, Secret, StatpipeError
from statpipe.api.http import (
    Credential,
    Passing,
    Patience,
    Transport,
    checked_address,
    persist,
)
from statpipe_bea.api.budgets import Budgets, Limits
from statpipe_bea.api.memo import Memo
from statpipe_bea.api.replies import payload_of
from statpipe_bea.key import checked_key

MEBIBYTE = 1024 * 1024
LARGEST_ANSWER = 64 * MEBIBYTE
"""A hundred times the largest answer for one line of a table."""

REMEMBERED = 64 * MEBIBYTE


def _now() -> datetime:
    return datetime.now(UTC)


class BeaClient:
    """
    One key's connection to the API. For one thread.

    The transport adds the key to requests and takes it out of answers; nothing else holds it.
    Requests wait for BEA's budgets, and what may pass is asked again. *seconds* is the time for one
    whole answer, *silence* for each wait within it. *now* gives the date and time in UTC, *clock*
    seconds for measuring, *sleep* waits.

    :raises ConfigError: The key is not valid, or *url* is not an address that a key may be sent to.
    """

    def __init__(
        self,
        *,
        key: Secret,
        url: str,
        limits: Limits | None = None,
        patience: Patience | None = None,
        largest_answer: int = LARGEST_ANSWER,
        seconds: float = 300.0,
        silence: float = 60.0,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        checked_key(key)
        checked_address(url, what="the url of the BEA source", keyed=True)
        self._url = url
        self._limits = limits or Limits()
        self._patience = patience or Patience()
        self._now = now
        self._clock = clock
        self._budgets = Budgets(self._limits, clock=clock, sleep=sleep)
        self._memo = Memo(REMEMBERED)
        self._requests = 0
        self._sleep = sleep
        self._transport = Transport(
            agent=f"statpipe-bea/{version('statpipe-bea')}",
            credential=Credential(name="UserID", secret=key),
            accept="application/json",
            largest=largest_answer,
            seconds=seconds,
            silence=silence,
            clock=clock,
        )

    def __repr__(self) -> str:
        return f"BeaClient(url={self._url!r}, requests={self._requests})"

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
            sleep=self._sleep,
        )
        self._memo.remember(parameters, payload)
        return payload

    def close(self) -> None:
        """
        Release the connection.
        """
        self._transport.close()

    def _try(self, name: str, parameters: Mapping[str, str]) -> Payload:
        self._budgets.wait_for_room()
        try:
            self._requests += 1
            answer = self._transport.get(self._url, parameters, name=name)
            self._budgets.received(len(answer.body))
            request = {"url": self._url, **parameters}
            return payload_of(answer, name=name, request=request, retrieved=self._now())
        except Passing as passing:
            self._budgets.failed()
            self._budgets.lock_out(passing.wait)
            raise
        except StatpipeError:
            self._budgets.failed()
            raise
