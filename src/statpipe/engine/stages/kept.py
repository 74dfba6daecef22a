"""Bronze keeps what arrived, also when nobody can read it."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

from statpipe.api import (
    BronzeObject,
    ContentError,
    Dataset,
    Lake,
    Payload,
    StatpipeError,
    Unavailable,
)
from statpipe.domain.wrong_text import wrong_text_refused

AT_ONCE = 8
"""Payloads that are written at the same time: each waits for a disk or a server, not for the processor."""


class Keeper:
    """
    Puts payloads into Bronze while the next ones are fetched. ``kept`` are those that lie there, in
    the order in which they came.
    """

    def __init__(
        self, keep: Callable[[Payload], BronzeObject], writers: ThreadPoolExecutor
    ) -> None:
        self.kept: list[BronzeObject] = []
        self._keep = keep
        self._writers = writers
        self._waiting: deque[Future[BronzeObject]] = deque()

    def put(self, payload: Payload) -> None:
        """
        Begin to write a payload; wait where too many are being written. Raises what writing raises.
        """
        context = copy_context()
        self._waiting.append(self._writers.submit(context.run, self._keep, payload))
        self._settle(AT_ONCE)

    def finish(self) -> None:
        """
        Wait until every payload lies in Bronze. Raises what writing raises.
        """
        self._settle(0)

    def give_up(self) -> None:
        """
        Wait as well, after a failure: what cannot be written is left out.
        """
        while self._waiting:
            with contextlib.suppress(StatpipeError):
                self.finish()

    def _settle(self, most: int) -> None:
        while len(self._waiting) > most:
            self.kept.append(self._waiting.popleft().result())


@contextlib.contextmanager
def keeper(lake: Lake, source: str, dataset: Dataset) -> Iterator[Keeper]:
    """
    Give a keeper of one dataset's payloads.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="statpipe-bronze") as writers:
        yield Keeper(lambda payload: lake.keep(source, dataset.name, payload), writers)


@contextlib.contextmanager
def keeping_what_arrived(lake: Lake, source: str, dataset: Dataset) -> Iterator[None]:
    """
    Keep the payload of an error in Bronze, and add its place to the error's message.
    """
    try:
        with wrong_text_refused(dataset):
            yield
    except (ContentError, Unavailable) as error:
        if error.payload is not None:
            with contextlib.suppress(StatpipeError):
                kept = lake.keep(source, dataset.name, error.payload)
                if kept.key not in str(error):
                    error.args = (f"{error} (kept as {kept.key})",)
        raise
