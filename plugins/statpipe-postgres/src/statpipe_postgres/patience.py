"""A connection with a time limit: a server or a proxy may stop answering."""

from __future__ import annotations

import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

_T = TypeVar("_T")


class NoReply(psycopg.OperationalError):
    """
    The server neither sent nor received a byte for too long.
    """


class PatientConnection(psycopg.Connection[tuple[Any, ...]]):
    """
    A connection that is closed if no data flows for ``patience`` seconds.

    TCP's own time-outs notice a machine that has disappeared. They do not notice a process that
    accepts everything and never answers.
    """

    patience: float = 600.0

    def wait(self, gen: PQGen[_T], *arguments: Any, **options: Any) -> _T:
        """
        Wait as psycopg does, but with a time limit.

        :raises NoReply: Nothing was received for ``patience`` seconds. Then the connection is
            closed.
        """
        try:
            return super().wait(_while_it_moves(gen, self.patience), *arguments, **options)
        except NoReply:
            # The next statement, such as a rollback, must not wait as long again.
            self.close()
            raise


def _while_it_moves(gen: PQGen[_T], seconds: float) -> PQGen[_T]:
    """Forward the waits of a psycopg generator, and count the time without data."""
    try:
        awaited = next(gen)
        give_up = time.monotonic() + seconds
        while True:
            ready = yield awaited
            if ready:
                give_up = time.monotonic() + seconds
            elif time.monotonic() > give_up:
                raise NoReply(f"the server did not answer for {seconds:g} seconds")
            awaited = gen.send(ready)
    except StopIteration as done:
        result: _T = done.value
        return result
