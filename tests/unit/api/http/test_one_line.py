"""Texts from outside, in a message."""

from __future__ import annotations

from statpipe.api.http import one_line


def test_texts_from_outside_become_one_printable_line():
    assert one_line("a\r\n\x1b[31mb\ud800 \t c") == "a [31mb c"
    assert one_line("abcdef", 3) == "abc..."
