"""So many payloads, and places in each, are damaged one by one."""

from __future__ import annotations

MOST_PAYLOADS, MOST_PLACES = 4, 40
