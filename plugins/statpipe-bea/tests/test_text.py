"""From bytes to text, by one rule for all channels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import ContentError, Payload
from statpipe_bea.csv_tables import footnotes
from statpipe_bea.text import text_of

MARKS = (b"\xff\xfe", b"\xfe\xff")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", ""),
        (b"Espa\xc3\xb1a", "España"),
        (b"\xef\xbb\xbfa", "a"),
        (b"Espa\xf1a", "España"),
        ("España".encode("utf-16"), "España"),
        (b"\xfe\xff\0a", "a"),
        (b"BEA\x92s \x96 x", "BEA\u2019s \u2013 x"),
    ],
)
def test_text_is_utf_8_or_else_windows_1252(body, text):
    assert text_of(Payload(name="p", body=body)) == text


@pytest.mark.parametrize(
    ("body", "byte"),
    [
        (b"Espa\xc3\xb1a, Espa\xf1a", "13"),
        (b"\xef\xbb\xbfEspa\xf1a", "7"),
        (b"abc\x81", "3"),
        (b"a" * 1500 + b"\xf1\x8d", "1501"),
        (b"\xff\xfea\0b", "4"),
        (b"\xfe\xff\0a\xd8\0", "4"),
    ],
)
def test_anything_else_is_refused_with_the_position_of_its_byte(body, byte):
    with pytest.raises(ContentError) as caught:
        text_of(Payload(name="SAPCE1.csv", body=body))
    assert f"payload SAPCE1.csv, byte {byte}: not valid UTF-8 or Windows-1252" in str(caught.value)
    assert "expected BEA's text in UTF-8" in str(caught.value)


@given(st.binary(max_size=12))
def test_no_byte_becomes_a_replacement_character(body):
    try:
        text = text_of(Payload(name="p", body=body))
    except ContentError:
        return
    assert "\ufffd" not in text or "\ufffd" in body.decode(
        "utf-16" if body[:2] in MARKS else "utf-8"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_page_of_footnotes_is_read_by_the_same_rule(encoding):
    page = "<LI>(L)&nbsp;Less than\u00a0$50,000 \u2013 or so&#0;&#xD800;.</LI>".encode(encoding)
    payload = Payload(name="f.html", body=page, media_type="text/html")
    assert footnotes(payload) == {"(L)": "Less than\u00a0$50,000 \u2013 or so."}
