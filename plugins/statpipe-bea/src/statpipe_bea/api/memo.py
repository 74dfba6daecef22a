"""Remembers answers, so that what the probe asked is not asked again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from statpipe.api import Payload


class Memo:
    """
    The latest answers by their parameters, as many as fit into *largest* bytes.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._size = 0
        self._answers: OrderedDict[frozenset[tuple[str, str]], Payload] = OrderedDict()

    def recall(self, parameters: Mapping[str, str]) -> Payload | None:
        """
        Return the answer to the same parameters, if it is remembered.
        """
        return self._answers.get(frozenset(parameters.items()))

    def remember(self, parameters: Mapping[str, str], payload: Payload) -> None:
        """
        Remember an answer, and forget the oldest where there is no room.
        """
        self._answers[frozenset(parameters.items())] = payload
        self._size += len(payload.body)
        while self._size > self._largest:
            _, oldest = self._answers.popitem(last=False)
            self._size -= len(oldest.body)
