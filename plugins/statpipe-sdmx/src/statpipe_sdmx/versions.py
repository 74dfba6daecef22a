"""Versions, and references that leave some of one open: ``1.2``, ``1.2+.0``, ``*``."""

from __future__ import annotations

from collections.abc import Iterable

_LATEST = ("", "latest", "~", "+")
"""The latest version that is no draft."""


def best_version(there: Iterable[str], wanted: str) -> str:
    """
    Return which of the versions that are *there* a reference means: the one itself, or else the latest that it allows.

    A plus stands behind the part that may be greater, and with it all parts to its right: ``1+.0`` is ``1.0`` or later,
    ``1.2+.0`` is ``1.2.0`` or later, but not ``2.0.0``. Where none fits, it is the latest.
    """
    listed = sorted(set(there), key=_order)
    if wanted in listed or not listed:
        return wanted
    stable = [one for one in listed if "-" not in one] or listed
    if wanted == "*":
        return listed[-1]
    if wanted in _LATEST:
        return stable[-1]
    same = [one for one in listed if "+" not in wanted and _order(one) == _order(wanted)]
    fitting = [one for one in stable if "+" in wanted and _fits(one, wanted)]
    return (same or fitting or stable)[-1]


def is_same(one: str, other: str) -> bool:
    """
    Return whether two versions may be the same: ``1.0`` is ``1.0.0``, and one that is not told may be any.
    """
    return not one or not other or _order(one) == _order(other)


def _fits(version: str, wanted: str) -> bool:
    fixed, _, rest = wanted.partition("+")
    found, lowest, kept = _order(version), _order(f"{fixed}{rest}"), fixed.count(".")
    return found[0][:kept] == lowest[0][:kept] and found >= lowest


def _order(version: str) -> tuple[tuple[int, ...], bool, str]:
    """What versions are ordered by; a draft (``2.0.0-draft``) stands before what it becomes."""
    numbers, _, draft = version.partition("-")
    parts = [int(part) if part.isdecimal() else 0 for part in numbers.split(".")]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return tuple(parts), not draft, draft
