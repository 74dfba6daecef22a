"""Judges HTTP responses: BEA also reports errors with status 200."""

from __future__ import annotations

from http import HTTPStatus

from statpipe.api import ContentError, Payload
from statpipe.api.http import Answer, Passing, failure_of
from statpipe_bea.api.answers import looks_whole
from statpipe_bea.api.refusals import LOCK_OUT, failure, refusal_in
from statpipe_bea.results import results

TRIES_AT_CONTENT = 3
"""How often to retry if a body is not valid: it may have been cut off. If retries do not help, the
agency has changed its format."""


def judged(answer: Answer) -> Exception | None:
    """
    Return what is wrong with an answer, or ``None`` if nothing is.

    The result is ``Passing`` if a retry may help, ``Rejected`` if it will not, and ``ContentError``
    if this is not an answer from BEA.
    """
    payload = answer.payload(media_type="application/json")
    if answer.status == HTTPStatus.OK and looks_whole(payload):
        return None
    refusal = refusal_in(payload)
    if refusal is not None and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return failure(refusal, payload, wait=answer.retry_after)
    throttled = answer.status == HTTPStatus.TOO_MANY_REQUESTS
    if (error := failure_of(answer, wait=LOCK_OUT if throttled else None)) is not None:
        return error
    return _unreadable(payload)


def _unreadable(payload: Payload) -> Exception | None:
    try:
        results(payload)
    except ContentError as error:
        return Passing(error, tries=TRIES_AT_CONTENT)
    return None
