"""The fakes of :mod:`statpipe.testing`, and a plugin that offers such objects."""

from __future__ import annotations

from collections.abc import Iterable

from statpipe.api import Component, Sink, hookimpl
from statpipe.testing.fakes import MemoryLake, MemorySink

__all__ = ["MemoryLake", "MemorySink", "SinksPlugin"]


class SinksPlugin:
    """Offers sinks that a test made: the same object each time."""

    def __init__(self, **sinks: Sink) -> None:
        self._sinks = sinks

    @hookimpl
    def statpipe_sinks(self) -> Iterable[Component]:
        return [
            Component(name=name, summary="Made by a test", factory=lambda _, sink=sink: sink)
            for name, sink in self._sinks.items()
        ]
