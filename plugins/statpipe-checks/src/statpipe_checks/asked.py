"""The part of the dataset that this vintage has to contain."""

from __future__ import annotations

from statpipe.domain.selection import Selection
from statpipe.domain.verdict import Snapshot

Codes = tuple[str, ...] | None


def asked_for(current: Snapshot) -> Selection:
    """
    Return the selection that the dataset's configuration and the vintage have in common.

    A sample or an archive contains less than is configured. Cells outside of it do not count as
    deleted.
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
