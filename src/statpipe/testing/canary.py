"""A credential that must not be visible anywhere, and all the forms in which it could appear."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from itertools import product
from typing import Any
from urllib.parse import quote

from statpipe.api import ContentError, Secret
from statpipe.domain.secret import base64_cores, written_forms

CANARY = "Canary+7f3a=Key"
"""The key that the kit gives to a source. Some of its characters are escaped in URLs."""

_PART = 6
_MASKS = ("**", "..", "\u2026")
_ENDS = 2
"""This number of characters before or after a mask counts as a part of the key."""


def shows(text: str | bytes, secret: str) -> bool:
    """
    Return whether a text contains a secret in any form and case.
    """
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    lower = text.lower()
    return any(form.lower() in lower for form in written_forms(secret)) or any(
        form in text
        for core in base64_cores(secret)
        for form in (core, core.replace("+", "-").replace("/", "_"))
    )


def shows_part(text: str, secret: str) -> bool:
    """
    Return whether a text contains a secret, six consecutive characters of it (one of which is not a
    letter), or its beginning or end next to a mask, such as ``Ca***``.
    """
    told = []
    for form in (secret, quote(secret, safe="")):
        parts = [form[place : place + _PART] for place in range(len(form) - _PART + 1)]
        told += [part for part in parts if not part.isalpha()]
    for length, mask in product(range(_ENDS, _PART), _MASKS):
        told += [secret[:length] + mask, mask + secret[-length:]]
    return shows(text, secret) or any(one in text for one in told)


def redacted(body: bytes, secrets: Iterable[str]) -> bytes:
    """
    Replace each secret, in all forms and cases, by ``REDACTED``.
    """
    for secret in secrets:
        body = Secret(secret).removed_from(body)
    return body


def text_of(error: BaseException) -> str:
    """
    Return everything that an exception can show: its text, its causes, and its attributes.
    """
    seen: list[str] = []
    shown: set[int] = set()

    def look(one: BaseException | None) -> None:
        if one is None or id(one) in shown:
            return
        shown.add(id(one))
        seen.extend((str(one), repr(one), repr(one.args), repr(getattr(one, "__notes__", ""))))
        seen.extend(traceback.format_exception_only(one))
        payload: Any = one.payload if isinstance(one, ContentError) else None
        if payload is not None:
            seen.extend((repr(payload), repr(payload.request), payload.body.decode("latin-1")))
        look(one.__cause__)
        look(None if one.__suppress_context__ else one.__context__)

    look(error)
    return "\n".join(seen)
