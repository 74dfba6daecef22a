"""What a notifier raises: the engine makes one warning line of it, and the run goes on."""

from __future__ import annotations


class NotSent(Exception):
    """
    A message did not arrive. The text never holds an address or a credential.
    """
