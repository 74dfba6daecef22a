"""Text as printed by agencies: meaningless surrounding blanks, and characters that no sink can
store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from statpipe.domain.errors import ContentError

_INVISIBLE = "\u180e\u200b\u2060\ufeff"
"""Zero-width characters that spreadsheets and web pages put around a text."""

WHITE_SPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000" + _INVISIBLE
)
"""Characters around a figure, a marker, a unit or a code that have no meaning.

Unicode's white space, including no-break and thin spaces, and characters of zero width.
"""


def stripped(text: str) -> str:
    """
    Return a text without the white space around it.
    """
    return text.strip(WHITE_SPACE)


_UNHOLDABLE = re.compile("[\0\ud800-\udfff\ufffd]")
"""NUL and lone surrogates, which sinks cannot store, and U+FFFD, which marks lost text."""


def holdable(text: str) -> str:
    """
    Return an agency's text without the characters that no sink can store.
    """
    return _UNHOLDABLE.sub("", text)


def holdable_code(text: str) -> str:
    """
    Return a code unchanged: without one of its characters, it would be a different code.

    :raises ContentError: No sink can store it.
    """
    found = _UNHOLDABLE.search(text)
    if found:
        msg = (
            f"{text!r} contains {_escaped(found)}, which no sink can store; expected a "
            "plain-text code"
        )
        raise ContentError(msg)
    return text


def recordable(value: Any) -> Any:
    """
    Return a message, or mappings and sequences of messages, with characters that no sink can store
    escaped.
    """
    if isinstance(value, str):
        return _UNHOLDABLE.sub(_escaped, value)
    if isinstance(value, Mapping):
        return {recordable(name): recordable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        texts = map(recordable, value)
        return list(texts) if isinstance(value, list) else tuple(texts)
    return value


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
