"""The days on which an agency has announced to publish."""

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

    ``patience`` is how many days after its day a release may come before it counts as late. ``every`` is
    after how many days the agency is asked although nothing is due: agencies correct figures unannounced.
    """

    days: tuple[date, ...] = field(converter=_in_order)
    patience: int = field(default=3, validator=validators.ge(0))
    every: int = field(default=7, validator=validators.ge(1))

    def came_until(self, newest: Iterable[Held], asked: date | None) -> date | None:
        """
        Return the day up to which releases came, from the *newest* vintage of each dataset; ``None`` without any.

        Nobody sees a release that changed no figure if the agency dates none. So once its patience is over, and the
        agency was *asked* after that, such a release counts as one that came.
        """
        looked = asked - timedelta(days=self.patience + 1) if asked else None
        days = [
            max(one.released, looked) if looked and one.basis == "observed" else one.released
            for one in newest
        ]
        return min(days, default=None)

    def after(self, day: date) -> date | None:
        """
        Return the next release day; ``None`` where the calendar knows none.
        """
        return next((one for one in self.days if one > day), None)

    def late(self, today: date, newest: date | None) -> date | None:
        """
        Return the first day whose release should have come by now, if *newest* is the newest that came.
        """
        awaited = (day for day in self.days if newest is not None and day > newest)
        return next((day for day in awaited if (today - day).days > self.patience), None)

    def asks(self, today: date, newest: date | None, asked: date | None) -> bool:
        """
        Tell whether the agency may have anything new today.

        *asked* is the day on which it was last asked for everything. A release day is over once its release
        has come and the agency was asked on a later day: a release may come in two steps. Where the calendar
        knows no day to come, it cannot tell that nothing is due.
        """
        if newest is None or asked is None or self.after(today) is None:
            return True
        if not 0 <= (today - asked).days < self.every:
            return True
        due = max((day for day in self.days if day <= today), default=None)
        return due is not None and (newest < due or asked <= due)
