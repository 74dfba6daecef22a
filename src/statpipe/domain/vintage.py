"""A vintage: what an agency calls one release of a dataset."""

from __future__ import annotations

from datetime import date

from attrs import field, frozen, validators

from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.text import holdable, recordable


@frozen(kw_only=True)
class Vintage:
    """
    One release of one dataset, in ALFRED's sense of the word.

    ``released`` is the date that the agency gives (never our clock), ``note`` its own words.
    ``token`` is a hash of what the probe saw: as long as it is the same, nothing has changed.
    ``sequence`` counts the times that figures changed under an unchanged date; a source leaves it
    at 1 and the engine raises it. ``selection`` is the part of the dataset that this vintage brings.
    """

    released: date
    note: str = field(default="", converter=holdable)
    token: str = field(default="", converter=recordable)
    sequence: int = field(default=1, validator=validators.ge(1))
    selection: Selection = EVERYTHING

    @property
    def id(self) -> str:
        """
        ``2022-10-06``, or ``2022-10-06.02`` for a change under that date; sorts as text.
        """
        day = self.released.isoformat()
        return day if self.sequence == 1 else f"{day}.{self.sequence:02d}"
