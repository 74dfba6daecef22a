"""The number of payloads, and of places in each, that are damaged one by one."""

from __future__ import annotations

MOST_PAYLOADS, MOST_PLACES = 4, 40
