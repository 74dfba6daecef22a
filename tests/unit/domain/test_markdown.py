"""Texts of others in Markdown."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.markdown import as_table, escaped
from statpipe.domain.visible import one_line


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("SAPCE1:18 of ref_area: 5.2 %", "SAPCE1:18 of ref_area: 5.2 %"),
        ("a | b `c` *d* _e_ <b>", "a &#124; b &#96;c&#96; &#42;d&#42; &#95;e&#95; &#60;b&#62;"),
        ("[x](https://x.y)", "&#91;x&#93;(https&#58;//x.y)"),
        (":smile: :100: a:100:", "&#58;smile&#58; &#58;100&#58; a&#58;100&#58;"),
        ("mailto:1@x", "mailto:1&#64;x"),
        ("@team # no", "&#64;team &#35; no"),
        ("- item", "&#45; item"),
        ("1. item", "1&#46; item"),
        ("\u202ea\x1b\n::error::x", "&#92;u202ea&#92;x1b &#58;&#58;error&#58;&#58;x"),
    ],
)
def test_texts_have_no_markup(text, written):
    assert escaped(text) == written


@given(st.text(st.characters(), max_size=30))
def test_a_text_is_read_back_unchanged_on_one_line(text):
    assert html.unescape(escaped(text)) == one_line(text)
    assert not re.search(r"[<>|`*\[\]!#@~$^{}\\](?![0-9]*;)", escaped(text).replace("&#", ""))


def test_a_table_cell_never_ends_its_row_and_keeps_its_minus():
    lines = list(as_table(("a|b", "change"), [("x\n|y", "-0.97 %")]))
    assert lines == ["| a&#124;b | change |", "|---|---|", "| x &#124;y | -0.97 % |", ""]
