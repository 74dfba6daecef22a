"""Turns for requests to an agency, because all its sources share its limits."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager


class Turns:
    """
    One lock per agency.
    """

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}

    def of(self, agency: str) -> AbstractContextManager[object]:
        """
        Return the turn of an agency; its holder may send requests.
        """
        with self._alone:
            return self._turns.setdefault(agency, threading.Lock())
