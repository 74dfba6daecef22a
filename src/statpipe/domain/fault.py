"""Damage to one object of a lake."""

from __future__ import annotations

from attrs import frozen


@frozen
class Fault:
    """
    A damaged or missing object. ``path`` is its path below the environment's root.

    ``reason`` is the end of a sentence about it: ``is gone``, ``is damaged: it is empty``.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} {self.reason}"
