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
    Identify what turns payloads into Silver: the normalizer's version, and the dataset's code lists
    together with the form of Silver.
    """
    declared = (
        dataset.freq,
        dataset.areas,
        dataset.categories,
        tuple((one, one.codes) for one in dataset.dimensions),  # a list is left out of their repr
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
    Read a vintage in Silver, in today's columns also where an older version wrote it.

    :raises ContentError: It is gone or damaged.
    """
    from statpipe.domain.older_silver import in_todays_columns

    return in_todays_columns(lake.read(silver_key(source, held)))


class State:
    """
    The vintages that the lake holds of one source; changed as a run publishes.
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
        Hold a vintage in place of the one of the same name.
        """
        self._held.setdefault(held.dataset, {})[held.vintage.id] = held

    def drop(self, held: Held) -> None:
        """
        Remove a vintage.
        """
        self._held.get(held.dataset, {}).pop(held.vintage.id, None)

    def keep_tokens(self, before: Iterable[Held]) -> None:
        """
        Keep the tokens by which vintages were known *before*, where the figures are the same.

        So an agency's API need not be asked again for what an archive has brought as well.
        """
        for old in before:
            now = self._held.get(old.dataset, {}).get(old.vintage.id)
            if now is not None and now.figures == old.figures:
                tokens = [*old.token.split(SEPARATOR), *now.token.split(SEPARATOR)]
                self.put(attrs.evolve(now, token=SEPARATOR.join(dict.fromkeys(tokens))))

    def of_release(self, dataset: str, released: date) -> list[Held]:
        """
        Return the vintages that bear one date of the agency, oldest first: the one released then, and
        those that were seen under that date later.
        """
        return [held for held in self.of(dataset) if held.vintage.printed == released]

    def may_be(self, dataset: str, vintage: Vintage, but: Held | None = None) -> list[Held]:
        """
        Return the vintages, oldest first, of which an offered one may be the last, *but* for itself.

        Where the agency gives a date, those that bear it; else what is newest. What the agency shows now
        is compared with the newest of all, whatever day the clock says; a vintage that has lain in Bronze
        (*but*) against those before it.
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
        Return whether an agency that shows this vintage has taken back what it showed last.

        That is what the source itself showed in a run: one that lags behind an archive takes nothing back.
        A vintage that has lain in Bronze (*but*) must have come, on the day *seen*, after that.
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
        Return whether an agency that goes back to this vintage shows other figures than the newest: they are
        news, although they may be held.
        """
        newest = self._in_silver(dataset, but)[-1:]
        return self.goes_back(dataset, vintage, seen, but) and newest[0].figures != figures

    def nameless(self, dataset: str, vintage: Vintage) -> Held | None:
        """
        Return the vintage that this one may be although another date stands on it: a better one came to
        light.

        It is the first one held that is not older, was dated by less, and was not looked for in vain since.
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
        Name a vintage that is news, whose payloads came on the day *seen*.

        Figures that changed under an unchanged date are dated by that day: nobody can have had them
        before we know that they were there. That is so for what an agency shows now, also where it shows an
        earlier date than before. One of several that are offered *beside* each other, or one that has lain
        in Bronze (*but*), has the agency's date, behind all that we know of that day.

        :raises ContentError: The clock runs behind what is held.
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
        Note that the source itself shows what is held, without having fetched it.

        The token of an agency without dates tells all, so its figures still stand. Another's vouches for
        the date only: what an archive alone had brought was there on the day that it bears.
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
        Return the vintage released before this one, of those that are in Silver.
        """
        earlier = [h for h in self._in_silver(dataset) if h.vintage.id < vintage.id]
        return earlier[-1] if earlier else None

    def _in_silver(self, dataset: str, but: Held | None = None) -> list[Held]:
        """Return the vintages whose figures are known, oldest first."""
        return [held for held in self.of(dataset) if held.fingerprint and held is not but]


def refuse_clock_behind(dataset: str, newest: Held | None, seen: date) -> None:
    """
    Refuse a clock that is behind the lake, because the order of vintages would be lost.

    :raises ContentError: It is.
    """
    if newest is None:
        return
    # An agency's day may begin while ours is still the one before.
    ahead = newest.released > seen + timedelta(days=1)
    if ahead or (newest.looked is not None and newest.looked > seen):
        last = max(newest.released, newest.looked or newest.released)
        msg = (
            f"dataset {dataset}: its figures changed since {newest.vintage.id}, but this "
            f"machine's clock says {seen}, which is before the last run on {last}; correct the "
            "clock and run again"
        )
        raise ContentError(msg)
