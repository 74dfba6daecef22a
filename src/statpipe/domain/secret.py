"""A value that prints as stars."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote, quote_plus

REDACTED = b"REDACTED"

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
        Return the credential itself. Call it where it is sent, and nowhere else.
        """
        return self._value

    def removed_from(self, body: bytes) -> bytes:
        """
        Return the bytes with ``REDACTED`` wherever the credential stood; agencies repeat it in answers.

        It is found in whatever case, as it is and as addresses, JSON and hexadecimal write it.
        """
        for form in written_forms(self._value):
            body = _replaced(body, form.encode().lower())
        return body

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> tuple[object, ...]:
        msg = "a Secret does not leave its process: pass the name of its variable instead"
        raise TypeError(msg)


def written_forms(secret: str) -> list[str]:
    """
    Return how a credential may be written, longest first, so that none is cut short by another.
    """
    escaped = json.dumps(secret)[1:-1]
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), escaped}
    forms |= {escaped.replace("/", "\\/"), secret.encode().hex()}
    return sorted(forms - {""}, key=lambda form: (-len(form), form))


def is_quoted(text: str) -> bool:
    """
    Tell whether a text stands in quotes, as it does when it was copied along with them.
    """
    return len(text.strip()) > 1 and f"{text.strip()[0]}{text.strip()[-1]}" in _QUOTES


def _replaced(body: bytes, needle: bytes) -> bytes:
    """Replace without regard to case; lower-casing bytes keeps their number."""
    lowered = body.lower()
    place = lowered.find(needle)
    if place < 0:
        return body
    parts, start = [], 0
    while place >= 0:
        parts += [body[start:place], REDACTED]
        start = place + len(needle)
        place = lowered.find(needle, start)
    return b"".join([*parts, body[start:]])
