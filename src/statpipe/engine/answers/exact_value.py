"""Values in the form of JSON and CSV."""

from __future__ import annotations

from datetime import date
from decimal import Decimal


def exact(value: object) -> object:
    """
    Return a value that JSON and CSV keep without loss: decimals with their places and dates as
    text, anything else unchanged.
    """
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value
