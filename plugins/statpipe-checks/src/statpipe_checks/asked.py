"""What was asked for: the part of the dataset that this vintage had to bring."""

from __future__ import annotations

from statpipe.domain.selection import Selection
from statpipe.domain.verdict import Snapshot

Codes = tuple[str, ...] | None


def asked_for(current: Snapshot) -> Selection:
    """
    Give what both the dataset's configuration and the vintage cover.

    A sample or an archive brings less than was configured, and what lies outside is no deletion.
    """
    wanted, brought = current.dataset.selection, current.vintage.selection
    return Selection(
        areas=_both(wanted.areas, brought.areas),
        categories=_both(wanted.categories, brought.categories),
        periods=_both(wanted.periods, brought.periods),
        where={
            name: _both(wanted.where.get(name), brought.where.get(name)) or ()
            for name in {**wanted.where, **brought.where}
        },
    )


def _both(wanted: Codes, brought: Codes) -> Codes:
    if wanted is None or brought is None:
        return brought if wanted is None else wanted
    return tuple(code for code in wanted if code in brought)
