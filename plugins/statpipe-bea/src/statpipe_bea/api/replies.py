"""Judges what came over the wire: a payload, or the error that tells the reader what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from statpipe.api import ContentError, Payload
from statpipe.api.http import Answer, Passing, failure_of, page_title
from statpipe_bea.api.answers import looks_whole
from statpipe_bea.api.refusals import LOCK_OUT, failure, refusal_in
from statpipe_bea.results import results

TRIES_AT_CONTENT = 3
"""A body that was cut off once may come whole the next time; if it does not, it has changed."""


def payload_of(
    answer: Answer, *, name: str, request: Mapping[str, str], retrieved: datetime
) -> Payload:
    """
    Return the payload of a healthy answer.

    :raises Passing: Asking again may help.
    :raises Rejected: It will not.
    :raises ContentError: This is no answer of BEA's.
    """
    payload = Payload(
        name=name,
        body=answer.body,
        media_type="application/json" if page_title(answer) is None else "text/html",
        request=request,
        retrieved=retrieved,
    )
    if answer.status == HTTPStatus.OK and looks_whole(payload):
        return payload
    refusal = refusal_in(payload)
    if refusal is not None and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise failure(refusal, payload, wait=answer.retry_after(retrieved))
    throttled = answer.status == HTTPStatus.TOO_MANY_REQUESTS
    wait = LOCK_OUT if throttled else None
    if (error := failure_of(answer, payload, now=retrieved, wait=wait)) is not None:
        raise error
    return _read_closely(payload)


def _read_closely(payload: Payload) -> Payload:
    try:
        results(payload)
    except ContentError as error:
        raise Passing(error, tries=TRIES_AT_CONTENT) from None
    return payload
