"""Checks answers without parsing them."""

from __future__ import annotations

from statpipe.api import ContentError, Payload
from statpipe_bea.text import text_of

_HEAD, _TAIL = 300, 100


def looks_whole(payload: Payload) -> bool:
    """
    Return whether this is a complete answer without an error. ``False`` means: parse it to find
    out.
    """
    body = payload.body
    lowered = body.lower()
    return (
        body.startswith(b"{")
        and b'"beaapi"' in lowered[:_HEAD]
        and b'"results"' in lowered
        and b"".join(body[-_TAIL:].split()).endswith(b"}}")
        and b'"error"' not in lowered
        and b"apierror" not in lowered
        and b"\\u00" not in lowered  # escapes may be part of a key
        and _is_text(payload)
    )


def _is_text(payload: Payload) -> bool:
    try:
        text_of(payload)
    except ContentError:
        return False
    return True
