"""What an answer means: the agency's judge says it, or the status of the answer."""

from __future__ import annotations

from collections.abc import Callable

from statpipe.api.http.answer import Answer
from statpipe.api.http.status import failure_of
from statpipe.domain.errors import ContentError

Judge = Callable[[Answer], Exception | None]
"""Says what an answer means at this agency: an error, or ``None`` where its status says it all."""


def verdict(judge: Judge, answer: Answer) -> Exception | None:
    """
    Return what to raise for an answer; ``None`` where it is data.

    :raises ContentError: The judge cannot read it, though its status is that of data.
    """
    try:
        return judge(answer) or failure_of(answer)
    except ContentError:
        # A server that is down sends a page, and no judge can read that.
        if (failure := failure_of(answer)) is not None:
            return failure
        raise
