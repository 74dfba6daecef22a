"""What the answers of a service mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from http import HTTPStatus

import attrs
from attrs import frozen

from statpipe.api import NoData, Payload, Rejected
from statpipe.api.http import Answer
from statpipe_sdmx.data import CHARSET, read_data
from statpipe_sdmx.parts import TooMuch
from statpipe_sdmx.service import Question

_OTHER_FORMATS = (
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.NOT_IMPLEMENTED,
)
_TOO_MUCH = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_URI_TOO_LONG)
_NOTHING = (HTTPStatus.NOT_FOUND, HTTPStatus.NO_CONTENT)

_CSV = "text/csv"
_STARTS = {b"PK\x03\x04": "application/zip", b"{": "application/json", b"<": "application/xml"}
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_FOOTER, _ERROR, _ERRORS, _END = b":Footer", b"ErrorMessage", b'"errors"', 1 << 16


class OtherFormat(Rejected):
    """
    The service does not serve the format that was asked for.
    """


class NothingNew(NoData):
    """
    What was asked about has not been modified.
    """


@frozen(kw_only=True)
class Message:
    """
    An answer with figures, and what was asked for it.
    """

    question: Question
    answer: Answer
    payload: Payload


def judged(answer: Answer) -> Exception | None:
    """
    Say what an answer means: 404 is also how services say that a key has no data.
    """
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return NothingNew(f"{answer.name}: HTTP {answer.phrase}; run again later")
    if answer.status in _OTHER_FORMATS:
        return OtherFormat(f"{answer.name}: HTTP {answer.phrase}; ask for another format")
    if answer.status in _NOTHING:
        return NoData(
            f"{answer.name}: the service has no data at {answer.url} (HTTP {answer.status}); "
            "check `flow` and `key`, and whether figures exist between `start` and `end`"
        )
    if answer.status in _TOO_MUCH:
        return TooMuch(
            f"{answer.name}: the service says that the request is too large (HTTP "
            f"{answer.status}); narrow `key`, or set `start`"
        )
    return None


def message_of(question: Question, answer: Answer) -> Message:
    """
    Return an answer as a message. Services name media types as they like; its first bytes tell what it is.

    :raises NoData: It says that there is none.
    :raises TooMuch: It says that it is cut off.
    :raises ContentError: It tells of another error.
    """
    start = answer.body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    kind = next((kind for sign, kind in _STARTS.items() if start.startswith(sign)), _CSV)
    payload = answer.payload(media_type=kind)
    charset = _CHARSET.search(answer.headers.get("content-type", ""))
    if charset is not None and charset[1].lower() != "utf-8":
        payload = attrs.evolve(payload, request={**payload.request, CHARSET: charset[1].lower()})
    small = payload.body if len(payload.body) < _END else b""
    if _FOOTER in payload.body[-_END:] or _ERROR in payload.body[:_END] or _ERRORS in small:
        read_data(payload)  # raises what they say
    return Message(question=question, answer=answer, payload=payload)


def hash_of(messages: Sequence[Message]) -> str:
    """
    Hash what a service sent, byte for byte: other bytes are reason enough to look at the figures.
    """
    bodies = "".join(one.payload.sha256 for one in messages)
    return hashlib.sha256(bodies.encode()).hexdigest()
