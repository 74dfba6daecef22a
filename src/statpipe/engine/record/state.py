"""What the lake holds of a source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, get_args

import attrs

from statpipe.api import ContentError, Dataset, Held, Lake, Layer, Normalizer, PartitionKey, Vintage
from statpipe.domain.observation import SILVER
from statpipe.domain.vintage import Basis

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATOR = "\n"
"""Separates the tokens of a vintage that is known both from an archive and from the agency."""


def code_of(dataset: Dataset, normalizer: Normalizer) -> str:
    """
    Return an id of the code that turns payloads into Silver: the normalizer's version, the
    dataset's code lists and the layout of Silver.
    """
    declared = (
        dataset.freq,
        dataset.areas,
        dataset.categories,
        tuple((one, one.codes) for one in dataset.dimensions),  # their repr leaves out lists
        dataset.doubles,
        dataset.reporting_year_start,
    )
    lists = hashlib.sha256(repr((SILVER, declared)).encode()).hexdigest()[:12]
    return f"{dataset.normalizer}/{normalizer.version}/{lists}"


def silver_key(source: str, held: Held) -> PartitionKey:
    """
    Return the place of a vintage in Silver.
    """
    return PartitionKey(
        layer=Layer.SILVER, owner=source, dataset=held.dataset, vintage=held.vintage.id
    )


def silver_of_lake(lake: Lake, source: str, held: Held) -> pa.Table:
    """
    Read a vintage in Silver, in today's columns even if an older version wrote it.

    :raises ContentError: It is missing or damaged.
    """
    from statpipe.domain.older_silver import in_todays_columns

    return in_todays_columns(lake.read(silver_key(source, held)))


class State:
    """
    The vintages that the lake holds of one source, updated while a run publishes.
    """

    def __init__(self, holds: Iterable[Held] = ()) -> None:
        self._held: dict[str, dict[str, Held]] = {}
        for held in holds:
            self.put(held)

    def holds(self) -> tuple[Held, ...]:
        """
        Return everything held, sorted by dataset and vintage.
        """
        return tuple(held for dataset in sorted(self._held) for held in self.of(dataset))

    def of(self, dataset: str) -> list[Held]:
        """
        Return what is held of a dataset, sorted by vintage.
        """
        vintages = self._held.get(dataset, {})
        return [vintages[name] for name in sorted(vintages)]

    def put(self, held: Held) -> None:
        """
        Hold a vintage, and replace one with the same name.
        """
        self._held.setdefault(held.dataset, {})[held.vintage.id] = held

    def drop(self, held: Held) -> None:
        """
        Remove a vintage.
        """
        self._held.get(held.dataset, {}).pop(held.vintage.id, None)

    def keep_tokens(self, before: Iterable[Held]) -> None:
        """
        Keep the tokens that vintages had *before*, if the figures are the same.

        So the agency's API is not asked again for vintages that an archive also has.
        """
        for old in before:
            now = self._held.get(old.dataset, {}).get(old.vintage.id)
            if now is not None and now.figures == old.figures:
                tokens = [*old.token.split(SEPARATOR), *now.token.split(SEPARATOR)]
                self.put(attrs.evolve(now, token=SEPARATOR.join(dict.fromkeys(tokens))))

    def of_release(self, dataset: str, released: date) -> list[Held]:
        """
        Return the vintages of one date of the agency, oldest first: the one released then, and
        those seen later under that date.
        """
        return [held for held in self.of(dataset) if held.vintage.printed == released]

    def may_be(self, dataset: str, vintage: Vintage, but: Held | None = None) -> list[Held]:
        """
        Return the vintages, oldest first, the last of which may be the offered one, except *but*.

        If the agency gives a date, these are the vintages of that date, otherwise the newest one.
        The agency's current figures are compared with the newest of all vintages, whatever the
        clock says. A vintage that was only in Bronze (*but*) is compared with those before it.
        """
        if vintage.basis == "observed" and vintage.under is None:
            before = [
                h
                for h in self.of(dataset)
                if h is not but and (but is None or h.released <= vintage.released)
            ]
            return before[-1:]
        return [h for h in self.of_release(dataset, vintage.printed) if h is not but]

    def goes_back(
        self, dataset: str, vintage: Vintage, seen: date | None = None, but: Held | None = None
    ) -> bool:
        """
        Return whether an agency that shows this vintage has withdrawn the one that it showed last.

        Only vintages that the source itself showed in a run count: a source that lags behind an
        archive withdraws nothing. A vintage that was only in Bronze (*but*) must have been fetched
        later than that, on the day *seen*.
        """
        shown = [h for h in self._in_silver(dataset, but) if h.looked is not None][-1:]
        if not shown or (vintage.basis == "observed" and vintage.under is None):
            return False
        if but is not None and not (seen and shown[0].looked and seen > shown[0].looked):
            return False
        known = [h for h in self.may_be(dataset, vintage, but) if h.fingerprint]
        if known:
            return known[-1].vintage.id < shown[0].vintage.id
        return vintage.released < shown[0].released

    def returns_to(
        self,
        dataset: str,
        vintage: Vintage,
        figures: str,
        seen: date | None = None,
        but: Held | None = None,
    ) -> bool:
        """
        Return whether an agency that returns to this vintage shows other figures than the newest.
        They are news, even if they are already held.
        """
        newest = self._in_silver(dataset, but)[-1:]
        return self.goes_back(dataset, vintage, seen, but) and newest[0].figures != figures

    def nameless(self, dataset: str, vintage: Vintage) -> Held | None:
        """
        Return the vintage that may be this one under another date, because a better date is now
        known.

        It is the first held vintage that is not older, has a less reliable date, and was not
        missing in a later run.
        """
        ranks = get_args(Basis)
        later = [h for h in self.of(dataset) if h.fingerprint and h.released >= vintage.released]
        if not later or ranks.index(later[0].basis) <= ranks.index(vintage.basis):
            return None
        first = later[0]
        in_vain = first.seen_before is not None and first.seen_before >= vintage.released
        return None if in_vain or first.under == vintage.released else first

    def named(
        self, dataset: str, vintage: Vintage, seen: date, *, beside: bool, but: Held | None = None
    ) -> Vintage:
        """
        Return the vintage under its name, for news whose payloads were fetched on the day *seen*.

        Figures that changed under an unchanged date are dated by that day, because it is not known
        that they existed earlier. This applies to the agency's current figures, even if their date
        is earlier than before. A vintage of several offered *beside* each other, or one that was
        only in Bronze (*but*), has the agency's date, and comes after all known vintages of that
        day.

        :raises ContentError: The clock is behind the held vintages.
        """
        newest = self._in_silver(dataset, but)[-1:]
        known = [h for h in self.may_be(dataset, vintage, but) if h.fingerprint]
        changed = bool(known) and (but is None or known[-1:] == newest)
        if (
            vintage.basis != "observed"
            and not beside
            and (changed or self.goes_back(dataset, vintage, seen, but))
        ):
            vintage = attrs.evolve(vintage, basis="observed", under=vintage.released)
        if vintage.basis == "observed":
            before = newest[0] if newest else None
            refuse_clock_behind(dataset, before, seen)
            vintage = attrs.evolve(
                vintage,
                released=max(seen, before.released) if before else seen,
                released_at=None,
                seen_before=before.looked if before else None,
            )
        if but is not None and but.released == vintage.released:
            return attrs.evolve(vintage, sequence=but.sequence)
        numbers = [h.sequence for h in self.of(dataset) if h.released == vintage.released]
        return attrs.evolve(vintage, sequence=max(numbers, default=0) + 1)

    def saw_again(self, dataset: str, vintage: Vintage) -> None:
        """
        Record that the source itself shows a held vintage, without fetching it.

        The token of an agency without dates covers the figures, so they are still current. Other
        tokens only cover the date: a vintage that only an archive had was there on its date.
        """
        dated = vintage.basis != "observed"
        for held in self.may_be(dataset, vintage)[-1:]:
            if not dated:
                looked = max(vintage.released, held.looked or vintage.released)
            elif held.fingerprint:
                looked = held.looked or held.released
            else:
                continue
            self.put(attrs.evolve(held, looked=looked))

    def before(self, dataset: str, vintage: Vintage) -> Held | None:
        """
        Return the vintage in Silver that was released before this one.
        """
        earlier = [h for h in self._in_silver(dataset) if h.vintage.id < vintage.id]
        return earlier[-1] if earlier else None

    def _in_silver(self, dataset: str, but: Held | None = None) -> list[Held]:
        """Return the vintages whose figures are known, oldest first."""
        return [held for held in self.of(dataset) if held.fingerprint and held is not but]


def refuse_clock_behind(dataset: str, newest: Held | None, seen: date) -> None:
    """
    Refuse a clock that is behind the lake, because the order of vintages would be lost.

    :raises ContentError: The clock is behind.
    """
    if newest is None:
        return
    # The agency's day may begin earlier than ours.
    ahead = newest.released > seen + timedelta(days=1)
    if ahead or (newest.looked is not None and newest.looked > seen):
        last = max(newest.released, newest.looked or newest.released)
        msg = (
            f"dataset {dataset}: its figures changed since {newest.vintage.id}, but this "
            f"machine's clock says {seen}, which is before the last run on {last}; correct the "
            "clock and run again"
        )
        raise ContentError(msg)
