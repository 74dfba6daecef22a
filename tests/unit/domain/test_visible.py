"""Texts of others, made visible."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from statpipe.domain.visible import one_line, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Doña Ana, NM: 2021 “total” 東京", "Doña Ana, NM: 2021 “total” 東京"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b2J", r"\x9b2J"),  # the other beginning of a terminal's command
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\tb\r\nc\x00\x7f", r"a\tb\r\nc\x00\x7f"),
        ("a\u2028b\u2029c\x85d\x0be", r"a\u2028b\u2029c\x85d\x0be"),
        ("\u202etxt.exe\u2066", r"\u202etxt.exe\u2066"),
        ("a\u200bb\u200dc\ufeffd\xade", r"a\u200bb\u200dc\ufeffd\xade"),
        ("a\u034fb\u3164c\ufe0fd\U000e0100", r"a\u034fb\u3164c\ufe0fd\U000e0100"),
        ("\U000e0041", r"\U000e0041"),
        ("\udcff", r"\udcff"),
        ("\ue000", r"\ue000"),
        ("1\xa0852\u202f976\u3000x", "1 852 976 x"),
        ("[bold]:smile:[/bold]", "[bold]:smile:[/bold]"),
        (None, "None"),
    ],
)
def test_control_and_invisible_characters_are_escaped_and_others_stay(text, seen):
    assert visible(text) == seen


@given(st.text(st.characters(), max_size=40))
@example("\u2800")
def test_escaped_text_is_printable_and_stable(text):
    seen = visible(text)
    assert seen.isprintable()
    assert visible(seen) == seen
    assert not {unicodedata.category(c) for c in seen} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    seen.encode()


def test_line_breaks_are_only_kept_on_request():
    assert visible_lines("a\nb\u2028c\r\nd") == "a\nb\\u2028c\\r\nd"
    assert one_line("  a\n b\u2028\tc \x1b ") == r"a b c \x1b"
