"""What is wrong with one object of a lake."""

from __future__ import annotations

from attrs import frozen


@frozen
class Fault:
    """
    An object that is damaged or missing. ``path`` is its place below the environment's root.

    ``reason`` is the end of a sentence about it: ``is gone``, ``is damaged: it is empty``.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} {self.reason}"
