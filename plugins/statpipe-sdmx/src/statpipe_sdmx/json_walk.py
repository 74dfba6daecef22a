"""Parses JSON step by step: objects and lists are entered, and decoded one member at a time.

Python's own decoder reads each member, so figures keep their digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_past_space = re.compile(r"[ \t\n\r]*").match
_decoded = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str).raw_decode


class Walk:
    """
    A position in a document. Each method starts at ``place`` and moves it behind what it has read.

    After a name from :meth:`members` or an item from :meth:`items`, read its value before the next
    one.

    :raises ValueError: The document is not valid JSON there, or contains something unexpected.
    :raises RecursionError: A member is nested too deeply.
    """

    def __init__(self, text: str, place: int = 0) -> None:
        self._text = text
        self.place = place

    def begins(self, sign: str) -> bool:
        """
        Return whether the next value begins with this character.
        """
        return self._sign() == sign

    def value(self) -> Any:
        """
        Return a value: numbers are text.
        """
        found, self.place = _decoded(self._text, self._next())
        return found

    def skip(self) -> None:
        """
        Skip a value, with only a part of it in memory at a time.
        """
        start = self._sign()
        if start == "{":
            for _ in self.members():
                self.value()
        elif start == "[":
            for _ in self.items():
                self.value()
        else:
            self.value()

    def members(self) -> Iterator[str]:
        """
        Yield the name of each member of an object.
        """
        for _ in self._inside("{", "}"):
            if self._sign() != '"':
                raise self._wrong("a name")
            name: str = self.value()
            if self._sign() != ":":
                raise self._wrong(":")
            self.place += 1
            yield name

    def items(self) -> Iterator[None]:
        """
        Move to each item of a list.
        """
        return self._inside("[", "]")

    def finish(self) -> None:
        """
        Make sure that nothing follows.
        """
        if self._sign():
            raise self._wrong("the end")

    def _inside(self, begin: str, end: str) -> Iterator[None]:
        if self._sign() != begin:
            raise self._wrong(begin)
        self.place += 1
        if self._sign() == end:
            self.place += 1
            return
        while True:
            yield
            sign = self._sign()
            self.place += 1
            if sign == end:
                return
            if sign != ",":
                self.place -= 1
                raise self._wrong(f", or {end}")

    def _sign(self) -> str:
        place = self._next()
        return self._text[place : place + 1]

    def _next(self) -> int:
        if self._text[self.place : self.place + 1] in " \t\n\r":
            self.place = _past_space(self._text, self.place).end()  # type: ignore[union-attr]
        return self.place

    def _wrong(self, expected: str) -> ValueError:
        return json.JSONDecodeError(f"Expecting {expected}", self._text, self.place)
