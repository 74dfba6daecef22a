"""A vintage: what an agency calls one release of a dataset."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal, get_args

from attrs import field, frozen, validators

from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.text import holdable, recordable

Basis = Literal["agency", "service", "observed"]
"""
Origin of a vintage's date: the agency prints it, its service says when the data were updated, or,
if neither does, it is the day on which these figures were first seen.
"""


@frozen(kw_only=True)
class Vintage:
    """
    One release of one dataset, in ALFRED's sense of the word.

    ``released`` is the date that the agency or its service gives; ``basis`` says which.
    ``released_at`` is the time with its zone, if known, and ``note`` the agency's own text. Only if
    nobody gives a date (``basis="observed"``), it is from our clock: the day on which different
    figures were first seen. Then ``seen_before`` is the last day on which they did not exist yet,
    and ``under`` is the date that the agency continued to print.

    ``token`` is a hash of what the probe found: if it is the same, nothing has changed.
    ``sequence`` counts the vintages of one day; a source leaves it at 1, and the engine increases
    it. ``selection`` is the part of the dataset that this vintage covers.
    """

    released: date
    note: str = field(default="", converter=holdable)
    token: str = field(default="", converter=recordable)
    sequence: int = field(default=1, validator=validators.ge(1))
    selection: Selection = EVERYTHING
    basis: Basis = field(default="agency", validator=validators.in_(get_args(Basis)))
    released_at: datetime | None = None
    seen_before: date | None = None
    under: date | None = None

    @property
    def id(self) -> str:
        """
        ``2022-10-06``, or ``2022-10-06.02`` for the second of that day; sorts as text.
        """
        day = self.released.isoformat()
        return day if self.sequence == 1 else f"{day}.{self.sequence:02d}"

    @property
    def printed(self) -> date:
        """
        The date under which a source offers the vintage.
        """
        return self.under or self.released

    @property
    def dates(self) -> tuple[str, int, str, str]:
        """
        All that a history says of when it is of, as text.
        """
        before = self.seen_before.isoformat() if self.seen_before else ""
        return (self.released.isoformat(), self.sequence, self.basis, before)

    @property
    def dated_by(self) -> str:
        """
        Say who dates it, to put behind its name; nothing where the agency does.
        """
        return dated_by(self.basis, self.seen_before)


def undated(token: str, note: str = "", selection: Selection = EVERYTHING) -> Vintage:
    """
    Return a vintage of an agency that gives no date: it is that of the day on which it is first seen.

    *token* must tell whether anything changed: an ``ETag``, or a hash of what was answered.
    """
    today = datetime.now(UTC).date()
    return Vintage(released=today, basis="observed", token=token, note=note, selection=selection)


def dated_by(basis: str, seen_before: date | None) -> str:
    """
    Say who dates a vintage, in a few words; nothing where the agency does.
    """
    if basis == "agency":
        return ""
    if basis == "service":
        return "dated by the agency's service"
    if seen_before is None:
        return "first seen that day"
    return f"first seen that day, and not yet on {seen_before}"
