"""Texts that could replace a figure: other figures, markers, and texts that are not figures."""

from __future__ import annotations

import re

JUNK = ("x1x", "(Zz)", "1.2.3", "12k", "1_5", "\u0663", "5\udcff3")
"""What no agency prints for a figure, and no normalizer knows, with the marks of English. Python alone takes an
underscore and the digits of every script for a number; the last one holds a byte that is no text."""
MARKERS = ("", "-", ".", "n/a", "...")
"""Texts that agencies print for missing figures. Each agency uses a few of them."""
MISGROUPED = ("1,23", "1,2345.5")
"""Texts that look like thousands separators but are not: figures of an agency that changed its
separators."""
NOTATIONS = ("(5)", "5-", "5r", "p5", "5*", "5 %", "$5", "5 3", "nan", "Infinity", "-inf")
"""What some agencies print, each in its own sense: a negative figure, a revised one, a part of a whole; and what
Python alone takes for a number."""
NO_TEXTS = ("null", "true", "NaN")
"""What JSON can say in place of a figure without quotes."""
LONG = "12345678901234567.12345"
"""More digits than fit into a binary float, but fewer than fit into a decimal of Silver."""
BARE = "1234567890.12345678"
"""The same for a JSON number without quotes: Python prints it without an exponent after it lost
digits."""

DEEP = "0.123456789012345678"
"""As many decimals as fit into Silver. Rounding to six decimals or to cents, or a float, loses
some."""


def marked(text: str, mark: str) -> str:
    """
    Return an English figure with *mark* as decimal separator.
    """
    return text if mark == "." else text.translate({ord("."): mark, ord(","): "."})


def next_figure(literal: str) -> str:
    """
    Return another number in the same form.
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
