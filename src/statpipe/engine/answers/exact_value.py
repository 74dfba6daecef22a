"""Values as JSON and CSV can hold them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal


def exact(value: object) -> object:
    """
    Return what JSON and CSV can hold without loss: a decimal, with its places, or date as text, all
    else as it is.
    """
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value
