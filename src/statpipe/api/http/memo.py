"""Remembers answers, so that the probe's requests are not repeated."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from statpipe.api.http.answer import Answer


class Memo:
    """
    The latest answers by request, as many as fit into *largest* bytes.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._size = 0
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()

    def recall(self, asked: Hashable) -> Answer | None:
        """
        Return the answer to the same request, if it is remembered.
        """
        return self._answers.get(asked)

    def remember(self, asked: Hashable, answer: Answer) -> None:
        """
        Remember an answer, and forget the oldest ones if there is no room.
        """
        if not self._largest:
            return  # an empty answer would still fit
        if asked in self._answers:
            self._size -= len(self._answers.pop(asked).body)
        self._answers[asked] = answer
        self._size += len(answer.body)
        while self._size > self._largest:
            _, oldest = self._answers.popitem(last=False)
            self._size -= len(oldest.body)
