"""Judges what came over the wire: a payload, or the error that tells the reader what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

import httpx

from statpipe.api import ContentError, Payload, Rejected, Unavailable
from statpipe_bea.api.answers import looks_whole, one_line
from statpipe_bea.api.refusals import failure, refusal_in, throttled
from statpipe_bea.api.retries import Passing, retry_after
from statpipe_bea.results import results

TRIES_AT_CONTENT = 3
"""A body that was cut off once may come whole the next time; if it does not, it has changed."""

_MAY_PASS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})


def payload_of(
    response: httpx.Response, *, name: str, request: Mapping[str, str], retrieved: datetime
) -> Payload:
    """
    Return the payload of a healthy answer.

    :raises Passing: Asking again may help.
    :raises Rejected: It will not.
    :raises ContentError: This is no answer of BEA's.
    """
    is_html = "html" in response.headers.get("content-type", "")
    payload = Payload(
        name=name,
        body=response.content,
        media_type="text/html" if is_html else "application/json",
        request=request,
        retrieved=retrieved,
    )
    if response.status_code == HTTPStatus.OK and looks_whole(payload):
        return payload
    wait = retry_after(response.headers.get("retry-after", ""), retrieved)
    refusal = refusal_in(payload)
    if refusal is not None and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise failure(refusal, payload, wait=wait)
    if response.status_code != HTTPStatus.OK:
        raise _failure_of_http(response, payload, wait)
    return _read_closely(payload)


def _read_closely(payload: Payload) -> Payload:
    try:
        results(payload)
    except ContentError as error:
        raise Passing(error, tries=TRIES_AT_CONTENT) from None
    return payload


def _failure_of_http(response: httpx.Response, payload: Payload, wait: float | None) -> Exception:
    status = response.status_code
    who = f"BEA answers {payload.name} with HTTP {status} {_phrase(status)}".rstrip()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return throttled(who, wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _MAY_PASS:
        error = Unavailable(f"{who}: run again later", retry_after=wait)
        return Passing(error, wait=wait or 0)
    if response.is_redirect:
        return ContentError(f"{who}{_where(response)}", payload=payload)
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return ContentError(f"{who}; expected HTTP 200 with JSON", payload=payload)
    excerpt = one_line(payload.body[:1000].decode(errors="ignore"), 200)
    return Rejected(f"{who}: correct the request or the url of the source. It says: {excerpt!r}")


def _where(response: httpx.Response) -> str:
    host = response.extensions.get("redirected_to")
    return f", to {host}" * bool(host) + (
        ". Redirects are not followed, since the key would go along: if BEA has moved, set the url of "
        "the source to its new address"
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
