"""The exception of notifiers. The engine logs it as one warning line, and the run continues."""

from __future__ import annotations


class NotSent(Exception):
    """
    A message was not delivered. The text never contains a URL or a credential.
    """
