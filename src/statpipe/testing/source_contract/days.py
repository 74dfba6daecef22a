"""The days and time zones in which a source must return the same."""

from __future__ import annotations

DAYS = (0, 1_234, 9)
ZONES = ("UTC0", "<+14>-14", "<-12>12")
"""The time zones where a day begins first and ends last. They need no time zone database."""
