"""Finds words in a text."""

from __future__ import annotations

import re


def word_spans(text: str) -> list[tuple[int, int]]:
    """
    Return where each word begins and ends, and each character outside of words.
    """
    return [found.span() for found in re.finditer(r"[\w.()-]+|[^\w\s]", text)]
