"""Eurostat's delayed answers: a message without data that says where the data will be available.

It has a footer with code 413 and a URL, or is an envelope with the identifier of a queued request.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_START, _END = 1 << 12, 1 << 14
_LINK = re.compile(rb":Footer>?.*?\"413\".*?>\s*(https?://[^<\s]+)\s*<", re.DOTALL)
_QUEUED = re.compile(rb"<queued>.*?<id>\s*([\w-]+)\s*</id>", re.DOTALL)


def place_of(body: bytes, url: str) -> str:
    """
    Return the URL of a delayed answer, which must be on the host of the service at *url*. Return an
    empty text if *body* is the answer itself.
    """
    queued = _QUEUED.search(body[:_START])
    if queued is not None:
        return f"{url.partition('/sdmx/')[0]}/1.0/async/data/{queued[1].decode()}"
    link = _LINK.search(body[-_END:])
    if link is None:
        return ""
    there, here = urlsplit(link[1].decode("ascii", "replace")), urlsplit(url)
    return urlunsplit((here.scheme, here.netloc, there.path, there.query, ""))
