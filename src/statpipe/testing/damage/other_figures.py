"""What else could stand in place of a figure: another figure, a marker, and what is no figure."""

from __future__ import annotations

import re

JUNK = ("x1x", "(Zz)", "1.2.3", "12k", "1_5", "\u0663", "5\udcff3")
"""What no agency prints for a figure, and no normalizer knows, with the marks of English. Python alone takes an
underscore and the digits of every script for a number; the last one holds a byte that is no text."""
MARKERS = ("", "-", ".", "n/a", "...")
"""What agencies print where they show no figure: each of them a few of these."""
MISGROUPED = ("1,23", "1,2345.5")
"""What looks grouped by thousands and is not: the figures of an agency that changed its marks."""
NOTATIONS = ("(5)", "5-", "5r", "p5", "5*", "5 %", "$5", "5 3", "nan", "Infinity", "-inf")
"""What some agencies print, each in its own sense: a negative figure, a revised one, a part of a whole; and what
Python alone takes for a number."""
NO_TEXTS = ("null", "true", "NaN")
"""What JSON can say in place of a figure without quotes."""
LONG = "12345678901234567.12345"
"""More digits than a binary float holds, fewer than a decimal of Silver does."""
BARE = "1234567890.12345678"
"""The same for a JSON number without quotes: Python prints what is left of it without an exponent."""

DEEP = "0.123456789012345678"
"""As many decimals as Silver has; what rounds to six or to cents, or reads a float, loses some."""


def marked(text: str, mark: str) -> str:
    """
    Write an English figure with *mark* before its decimals.
    """
    return text if mark == "." else text.translate({ord("."): mark, ord(","): "."})


def next_figure(literal: str) -> str:
    """
    Return another number that looks the same.
    """
    place = max(n for n, sign in enumerate(literal) if sign.isdigit())
    digit = str((int(literal[place]) + 1) % 10)
    changed = literal[:place] + digit + literal[place + 1 :]
    if not re.search("[1-9]", changed):
        changed = literal[:place] + "7" + literal[place + 1 :]
    return changed


def opposite(literal: str) -> str:
    """
    Return a figure with the other sign.
    """
    return literal[1:] if literal.startswith("-") else f"-{literal}"
