"""The days and zones on which a source has to say the same."""

from __future__ import annotations

DAYS = (0, 1_234, 9)
ZONES = ("UTC0", "<+14>-14", "<-12>12")
"""Where it is tomorrow first, and yesterday longest. No database of time zones is needed for these."""
