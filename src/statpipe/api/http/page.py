"""Web pages that servers send instead of data: maintenance, a block, a login."""

from __future__ import annotations

import codecs
import html
import re

from statpipe.api.http.answer import Answer
from statpipe.api.http.one_line import one_line

_HEAD = 16 << 10
_SKIPPED = re.compile(r"\s+|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_PAGE = re.compile(
    r"<(?:!doctype\s+html|(?:html|head|body|title|meta|script|style|center|h1|div|p)\b)",
    re.IGNORECASE,
)
_TITLES = (
    re.compile(r"<title\b[^<>]*>(.*?)(?:</title|\Z)", re.IGNORECASE | re.DOTALL),
    re.compile(r"<h[12]\b[^<>]*>(.*?)(?:</h[12]|\Z)", re.IGNORECASE | re.DOTALL),
)
_TAG = re.compile(r"<[^<>]*>")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def page_title(answer: Answer) -> str | None:
    """
    Return the title of a web page, printable and in one line; ``None`` if the answer is not a page.

    The content decides, not the media type: agencies send data as ``text/html`` and pages as
    ``application/json``. A page without a title and heading gives the start of its text.
    """
    text = _text(answer.body[:_HEAD])
    start = 0
    while (skipped := _SKIPPED.match(text, start)) and skipped.end() > start:
        start = skipped.end()
    says_so = "html" in answer.media_type and text.startswith("<", start)
    if not says_so and not _PAGE.match(text, start):
        return None
    for wanted in _TITLES:
        if (found := wanted.search(text, start)) and (title := _plain(found[1])):
            return title
    return _plain(text[start:])


def _plain(markup: str) -> str:
    return one_line(html.unescape(_TAG.sub(" ", markup)), 100)


def _text(body: bytes) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")
