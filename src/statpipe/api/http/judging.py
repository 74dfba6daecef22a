"""The meaning of an answer, from the agency's judge or from the status."""

from __future__ import annotations

from collections.abc import Callable

from statpipe.api.http.answer import Answer
from statpipe.api.http.status import failure_of
from statpipe.domain.errors import ContentError

Judge = Callable[[Answer], Exception | None]
"""Interprets an answer of this agency: returns an error, or ``None`` if the status says enough."""


def verdict(judge: Judge, answer: Answer) -> Exception | None:
    """
    Return what to raise for an answer, or ``None`` if it is data.

    :raises ContentError: The judge cannot read it, although its status is that of data.
    """
    try:
        return judge(answer) or failure_of(answer)
    except ContentError:
        # A server that is down sends a page, and no judge can read that.
        if (failure := failure_of(answer)) is not None:
            return failure
        raise
