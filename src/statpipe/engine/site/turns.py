"""Whose turn it is to ask an agency: its limits are for all who ask it together."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager


class Turns:
    """
    A lock an agency.
    """

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}

    def of(self, agency: str) -> AbstractContextManager[object]:
        """
        Return the turn of an agency; whoever holds it may ask.
        """
        with self._alone:
            return self._turns.setdefault(agency, threading.Lock())
