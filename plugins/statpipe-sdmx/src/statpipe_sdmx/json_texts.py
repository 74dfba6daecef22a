"""Values of SDMX-JSON as text."""

from __future__ import annotations

from typing import Any


def text_of(value: Any) -> str | None:
    """
    Return a value as text: the code or the value of an entry, one of several languages, all of a list.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(text for text in map(text_of, value) if text)
    if not isinstance(value, dict):
        return str(value).lower()  # true and false
    for name in ("id", "value", "values", "name", "en"):
        if value.get(name) is not None:
            return text_of(value[name])
    return next((text for text in map(text_of, value.values()) if text), None)
