"""Web pages in the place of data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api.http import Answer, page_title


def title(body, media_type="application/octet-stream"):
    raw = body if isinstance(body, bytes) else body.encode()
    return page_title(
        Answer(url="https://a.example/", status=200, headers={"content-type": media_type}, body=raw)
    )


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<html><head><title>Down for maintenance</title></head></html>", "Down for maintenance"),
        ("<!DOCTYPE HTML PUBLIC '-//W3C'>\n<TITLE lang='en'>Sorry</TITLE>", "Sorry"),
        ("\ufeff \r\n<!-- a\ncomment --><!doctype html><title>\n A\n  B </title>", "A B"),
        ("<?xml version='1.0'?><!DOCTYPE html><html><title>X</title>", "X"),
        ("<html><title></title><body><h1>Access <b>denied</b></h1>", "Access denied"),
        ("<html><body>Request blocked</body></html>", "Request blocked"),
        ("<html><title>R&amp;D &lt;script&gt; \x1b[31m\u202e</title>", "R&D <script> [31m"),
        ("<html><title>never closed", "never closed"),
        ("<html>", ""),
        ("<html><title>" + "x" * 200 + "</title>", "x" * 100 + "..."),
        ("<html><title>Espa\xf1a</title>".encode("latin-1"), "España"),
        ("\ufeff<html><title>Espa\xf1a</title>".encode("utf-16-le"), "España"),
        ("\ufeff<html><title>Espa\xf1a</title>".encode("utf-16-be"), "España"),
    ],
)
def test_the_title_is_found_and_made_printable(body, found):
    assert title(body) == found


@pytest.mark.parametrize(
    "body",
    [
        "",
        "PK\x03\x04 <html>",
        '{"BEAAPI":{"a":"<html>"}}',
        "GeoFIPS,GeoName\n<html>",
        '<?xml version="1.0"?><mes:Structure xmlns:mes="http://www.sdmx.org/"/>',
        "<!-- only a comment",
        "<hypertable>",
    ],
)
def test_data_is_not_a_page(body):
    assert title(body) is None


def test_the_content_takes_precedence_over_the_media_type():
    assert title('{"BEAAPI":{}}', "text/html") is None
    assert title("<html><title>Down</title>", "application/json") == "Down"
    assert title("<noscript>Down</noscript>", "text/html; charset=utf-8") == "Down"


@given(
    st.binary(max_size=200) | st.lists(st.sampled_from(["<", "<title", "<!--", "<h1>", ">", "x"]))
)
def test_no_input_raises_an_unexpected_error(body):
    found = title(body if isinstance(body, bytes) else "".join(body), "text/html")
    assert found is None or found.isprintable()


def test_a_malicious_page_is_read_quickly():
    for body in ("<" * 100_000, "<title" * 50_000, "<!--" * 50_000, "<html>" + "<h1 " * 50_000):
        title(body, "text/html")
