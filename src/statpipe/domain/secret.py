"""A value that is printed as stars."""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from typing import Final
from urllib.parse import quote, quote_plus

REDACTED = b"REDACTED"

_SHORTEST_CORE = 8
_WRITTEN = {
    "+": r"(?:\+|-|%2[Bb]|\\u002[Bb])",
    "/": r"(?:\\?/|_|%2[Ff]|\\u002[Ff])",
}
"""The two special characters of base64 and of its URL-safe form, as URLs and JSON write them."""

_QUOTES = ("''", '""', "``", "\u2018\u2019", "\u201c\u201d", "\u201e\u201c", "\u00ab\u00bb")


class Secret:
    """
    A credential. ``repr``, ``str`` and pickling do not show it; :meth:`reveal` does.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value: Final = value

    def reveal(self) -> str:
        """
        Return the credential itself. Only call it where the credential is sent.
        """
        return self._value

    def removed_from(self, body: bytes) -> bytes:
        """
        Return the bytes with ``REDACTED`` in place of the credential, which agencies repeat in
        answers.

        It is found in any case, in plain form and as written in URLs, JSON, Python and hexadecimal;
        and in base64, also inside a longer text, such as ``user:password``.
        """
        return redacted(body, self._value, REDACTED)

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> tuple[object, ...]:
        msg = "a Secret must not leave its process; pass the name of its variable instead"
        raise TypeError(msg)


def redacted(body: bytes, secret: str, mark: bytes) -> bytes:
    """
    Replace a credential by a mark in every form in which it may be written, in UTF-16 as well.
    """
    for encoding in ("utf-8", "utf-16-le", "utf-16-be") if b"\0" in body else ("utf-8",):
        written = mark.decode().encode(encoding)
        for form in written_forms(secret):
            body = _replaced(body, form.encode(encoding, "surrogatepass").lower(), written)
    for core, whole in _base64_patterns(secret):
        if core.search(body):
            body = whole.sub(lambda _: mark, body)
    return body


@cache
def written_forms(secret: str) -> tuple[str, ...]:
    """
    Return the forms in which a credential may be written, longest first, so that no form hides a
    longer one.

    Case does not matter in these forms. For base64, see :func:`base64_cores`.
    """
    plain = {secret, repr(secret)[1:-1]}
    escaped = {json.dumps(p, ensure_ascii=ascii_)[1:-1] for p in plain for ascii_ in (True, False)}
    sent = secret.encode(errors="surrogatepass")
    forms = plain | escaped | {form.replace("/", "\\/") for form in escaped}
    forms |= {quote(sent, safe=""), quote(sent), quote_plus(sent), sent.hex()}
    return tuple(sorted(forms - {""}, key=lambda form: (-len(form), form)))


def base64_cores(secret: str) -> list[str]:
    """
    Return texts of which a base64 text with the credential inside must contain one, wherever it
    begins.

    These are the characters that depend only on the credential, for each of the three positions
    that its first byte can have in a group. Texts that are too short to be distinctive are left
    out.
    """
    sent = secret.encode(errors="surrogatepass")
    cores = []
    for before in range(3):
        text = base64.b64encode(bytes(before) + sent).decode()
        first, last = -(-8 * before // 6), 8 * (before + len(sent)) // 6
        cores.append(text[first:last])
    return [core for core in cores if len(core) >= _SHORTEST_CORE]


@cache
def _base64_patterns(secret: str) -> tuple[tuple[re.Pattern[bytes], re.Pattern[bytes]], ...]:
    """Return each core, and the core with the characters at its ends, which contain the rest."""
    found = []
    for core in base64_cores(secret):
        written = "".join(_WRITTEN.get(c, c) for c in core)
        sign = f"(?:[A-Za-z0-9]|{_WRITTEN['+']}|{_WRITTEN['/']})?"
        ending = r"(?:=|%3[Dd]|\\u003[Dd]){0,2}"
        found.append(
            (re.compile(written.encode()), re.compile(f"{sign}{written}{sign}{ending}".encode()))
        )
    return tuple(found)


def is_quoted(text: str) -> bool:
    """
    Return whether a text is in quotes, which happens if it was copied with them.
    """
    return len(text.strip()) > 1 and f"{text.strip()[0]}{text.strip()[-1]}" in _QUOTES


def _replaced(body: bytes, needle: bytes, mark: bytes) -> bytes:
    """Replace in any case. Lower-casing bytes does not change their number."""
    lowered = body.lower()
    place = lowered.find(needle)
    if place < 0:
        return body
    parts, start = [], 0
    while place >= 0:
        parts += [body[start:place], mark]
        start = place + len(needle)
        place = lowered.find(needle, start)
    return b"".join([*parts, body[start:]])
