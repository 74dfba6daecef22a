"""What the reader must do about an HTTP status."""

from __future__ import annotations

from http import HTTPStatus

from statpipe.api.http.address import parsed
from statpipe.api.http.answer import Answer
from statpipe.api.http.one_line import one_line
from statpipe.api.http.page import page_title
from statpipe.api.http.redirect import next_address
from statpipe.api.http.retries import Passing
from statpipe.domain.errors import ContentError, Rejected, Unavailable

_MAY_PASS = frozenset({408, 425, 429})
_TRIES_AT_PAGES = 3


def failure_of(answer: Answer, *, wait: float | None = None) -> Exception | None:
    """
    Return what to raise for an answer, or ``None`` if it is data.

    A temporary status and a web page with status 200 are :class:`Passing`, and end as
    ``Unavailable``; *wait* is how many seconds to wait if the server does not say.
    """
    status = answer.status
    if status == HTTPStatus.OK and page_title(answer) is None:
        return None
    said = _said(answer)
    who = f"{answer.name}: {_place(answer)} answers HTTP {answer.phrase}{said}"
    if status in _MAY_PASS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        asked = answer.retry_after
        pause = asked if asked is not None else wait
        when = f"in {pause:.0f} s" if pause else "later"
        error = Unavailable(f"{who}; run again {when}", retry_after=pause)
        return Passing(error, wait=pause or 0)
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED or status >= HTTPStatus.BAD_REQUEST:
        return Rejected(
            f"{who}; correct the request, or check whether the agency has moved the data"
        )
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return ContentError(f"{who}{_where(answer)}", payload=answer.payload())
    if status != HTTPStatus.OK:
        return ContentError(f"{who}; expected HTTP 200 with data", payload=answer.payload())
    text = f"{who} instead of data: the agency is down or has moved; run again later"
    return Passing(Unavailable(text, payload=answer.payload()), tries=_TRIES_AT_PAGES)


def _said(answer: Answer) -> str:
    title = page_title(answer)
    if title:
        return f" with the web page {title!r}"
    if title is not None:
        return " with a web page"
    if answer.status < HTTPStatus.BAD_REQUEST or not answer.body.strip():
        return ""
    return f" and says {one_line(answer.body[:1000].decode('utf-8', errors='replace'), 200)!r}"


def _where(answer: Answer) -> str:
    if not answer.redirect:
        return " without a target address"
    url, why = parsed(answer.url)
    if url is not None:
        url, why = next_address(url, answer.redirect)
    return (
        f", to {url.host if url else why}. The redirect was not followed because it would send "
        "the key to another server; if the agency has moved, configure its new address"
    )


def _place(answer: Answer) -> str:
    url, _ = parsed(answer.url)
    return str(url.copy_with(query=None, fragment=None)) if url else answer.url
