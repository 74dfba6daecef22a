"""External texts as one printable line of a message."""

from __future__ import annotations


def one_line(text: str, longest: int = 300) -> str:
    """
    Return a text without line breaks, control characters and direction marks, cut to *longest*.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else f"{line[:longest]}..."
