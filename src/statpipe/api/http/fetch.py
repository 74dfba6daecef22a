"""Fetches one file, asking again while it may help."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from statpipe.api.http.answer import Answer
from statpipe.api.http.page import page_title
from statpipe.api.http.retries import Patience, persist
from statpipe.api.http.status import failure_of
from statpipe.api.http.transport import Transport
from statpipe.domain.payload import Payload


def _now() -> datetime:
    return datetime.now(UTC)


def fetch(
    transport: Transport,
    address: str,
    parameters: Mapping[str, str] | None = None,
    *,
    name: str,
    media_type: str,
    patience: Patience | None = None,
    now: Callable[[], datetime] = _now,
    sleep: Callable[[float], None] = time.sleep,
) -> Payload:
    """
    Return what lies at an address as a payload of this *name* and *media_type*.

    :raises Unavailable: The server cannot be reached, has trouble, or sends a web page instead, which
        then is the error's ``payload``.
    :raises Rejected: The server does not have it, or does not give it out.
    :raises ContentError: The answer is too large, or is neither data nor a refusal.
    :raises ConfigError: The address, a proxy or the certificates cannot be used.
    """

    def attempt() -> Payload:
        answer = transport.get(address, parameters, name=name)
        payload = payload_of(
            answer, name, media_type, {"url": address, **(parameters or {})}, now()
        )
        if failure := failure_of(answer, payload, now=now()):
            raise failure
        return payload

    return persist(attempt, patience=patience or Patience(), sleep=sleep)


def payload_of(
    answer: Answer, name: str, media_type: str, request: Mapping[str, str], retrieved: datetime
) -> Payload:
    """
    Make a payload of an answer; a web page keeps its own media type.
    """
    return Payload(
        name=name,
        body=answer.body,
        media_type=media_type if page_title(answer) is None else "text/html",
        request=request,
        retrieved=retrieved,
    )
