"""What runs used of an agency's limits, in a file, because a daily limit outlasts a run."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

Kind = Literal["requests", "bytes", "errors"]

_LONGEST_FILE = 1 << 20
"""Bytes; a larger file is rewritten with only the entries that still count."""


class Spending:
    """
    Lines of time, kind and amount in a file at *path*. *now* gives seconds since 1970.

    A line is added in one write, so that several processes may share the file. Unreadable or
    unwritable entries are skipped: the agency counts anyway.
    """

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now

    def earlier(self, seconds: float) -> Iterator[tuple[float, Kind, float]]:
        """
        Yield what was used in the last *seconds*: its age in seconds, its kind and its amount.
        """
        now, counting = self._now(), []
        for line in self._lines():
            try:
                when, kind, amount = json.loads(line)
                age = max(now - float(when), 0.0)
                amount = float(amount)
            except (ValueError, TypeError):
                continue
            if age < seconds and kind in {"requests", "bytes", "errors"}:
                counting.append(line)
                yield age, kind, amount
        self._shorten(counting)

    def note(self, kind: Kind, amount: float) -> None:
        """
        Add what is spent now.
        """
        line = json.dumps([round(self._now(), 3), kind, amount]) + "\n"
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(line)

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text().splitlines()
        except (OSError, ValueError):
            return []

    def _shorten(self, counting: list[str]) -> None:
        with contextlib.suppress(OSError):
            if self._path.stat().st_size > _LONGEST_FILE:
                beside = self._path.with_suffix(f".{os.getpid()}")
                beside.write_text("".join(f"{line}\n" for line in counting))
                beside.replace(self._path)
