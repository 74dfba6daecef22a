"""The days on which an agency has announced releases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from attrs import field, frozen, validators

if TYPE_CHECKING:
    from statpipe.domain.manifest import Held


def _in_order(days: Iterable[date]) -> tuple[date, ...]:
    return tuple(sorted(set(days)))


@frozen(kw_only=True)
class ReleaseCalendar:
    """
    Release days of a source, in UTC.

    ``patience`` is how many days after its date a release may appear before it counts as late.
    ``every`` is after how many days the agency is asked even if nothing is due, because agencies
    correct figures unannounced.
    """

    days: tuple[date, ...] = field(converter=_in_order)
    patience: int = field(default=3, validator=validators.ge(0))
    every: int = field(default=7, validator=validators.ge(1))

    def came_until(self, newest: Iterable[Held], asked: date | None) -> date | None:
        """
        Return the day up to which releases have appeared, from the *newest* vintage of each
        dataset, or ``None`` without any.

        If the agency does not date its releases, a release that changed no figure cannot be seen.
        So after the patience, if the agency was *asked* since then, such a release counts as
        published.
        """
        looked = asked - timedelta(days=self.patience + 1) if asked else None
        days = [
            max(one.released, looked) if looked and one.basis == "observed" else one.released
            for one in newest
        ]
        return min(days, default=None)

    def after(self, day: date) -> date | None:
        """
        Return the next release day, or ``None`` if the calendar has none.
        """
        return next((one for one in self.days if one > day), None)

    def late(self, today: date, newest: date | None) -> date | None:
        """
        Return the first day whose release is overdue, if *newest* is the newest release.
        """
        awaited = (day for day in self.days if newest is not None and day > newest)
        return next((day for day in awaited if (today - day).days > self.patience), None)

    def asks(self, today: date, newest: date | None, asked: date | None) -> bool:
        """
        Return whether the agency may have anything new today.

        *asked* is the last day on which everything was requested. A release day is done when its
        release has appeared and the agency was asked on a later day, because a release may appear
        in two steps. If the calendar has no future day, it cannot tell that nothing is due.
        """
        if newest is None or asked is None or self.after(today) is None:
            return True
        if not 0 <= (today - asked).days < self.every:
            return True
        due = max((day for day in self.days if day <= today), default=None)
        return due is not None and (newest < due or asked <= due)
