"""How long a test waits for what must come."""

PATIENCE = 900
"""Seconds. No verdict depends on how busy the machine is: this only ends what hangs."""
