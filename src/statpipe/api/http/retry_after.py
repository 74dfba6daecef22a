"""The header Retry-After, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 31 * 86_400.0
"""A longer wait, in seconds, cannot be meant."""


def retry_after(header: str, now: datetime) -> float | None:
    """
    Return the seconds that the header asks for, 31 days at most; ``None`` if it cannot be read.
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST)
    try:
        when = parsedate_to_datetime(text)
        aware = when if when.tzinfo else when.replace(tzinfo=UTC)
        return min(max(0.0, (aware - now).total_seconds()), _LONGEST)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
