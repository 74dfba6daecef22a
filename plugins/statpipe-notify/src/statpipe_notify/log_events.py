"""The events of a run as JSON lines, each with its time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

_EVENT_BYTES = 200_000
_BATCH_BYTES, _BATCH_EVENTS, _OVERHEAD = 1_000_000, 10_000, 26
"""Limits of ``PutLogEvents``, with a margin: 256 KiB per event, 1 MiB and 10,000 events per
request."""


@frozen(kw_only=True)
class LogEvent:
    """
    One line of the log. ``details`` are JSON values, or values to show as text.
    """

    time: datetime
    level: str
    event: str
    details: dict[str, Any]

    def as_json(self) -> str:
        """
        Return the line in ASCII, so its length is its size in bytes.
        """
        head = {"timestamp": self.time.isoformat(), "level": self.level, "event": self.event}
        told = {name: value for name, value in self.details.items() if value not in (None, "")}
        line = json.dumps({**head, **told}, default=str)
        if len(line) <= _EVENT_BYTES:
            return line
        ids = {name: told[name] for name in ("run_id", "source") if name in told}
        return json.dumps({**head, **ids, "cut": "too long; the manifest has the full text"})


def batches(events: Sequence[LogEvent]) -> Iterator[list[dict[str, Any]]]:
    """
    Group events into requests of ``PutLogEvents``, in the order of time.
    """
    batch: list[dict[str, Any]] = []
    size = 0
    for event in sorted(events, key=lambda event: event.time):
        line = event.as_json()
        needed = len(line) + _OVERHEAD
        if batch and (size + needed > _BATCH_BYTES or len(batch) == _BATCH_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append({"timestamp": int(event.time.timestamp() * 1000), "message": line})
        size += needed
    if batch:
        yield batch
