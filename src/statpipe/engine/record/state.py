"""What the lake holds of a source, and what a probe's answer means in view of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import attrs
from attrs import field, frozen

from statpipe.api import ContentError, Dataset, Held, Lake, Layer, Normalizer, PartitionKey, Vintage
from statpipe.domain.observation import SILVER

if TYPE_CHECKING:
    import pyarrow as pa

_SEPARATOR = "\n"
"""Stands between the tokens of a vintage that is known from an archive and from the agency."""
_FIRST_TIME_ZONE = timedelta(hours=14)
"""Where a day begins first, the clock is that far ahead of UTC."""


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


@frozen(kw_only=True)
class Decision:
    """
    Whether a vintage that the source offers must be fetched, and why. ``beside`` says that it may be
    any of those held of its date, and not just the last one, as is so with an archive.
    """

    dataset: Dataset
    vintage: Vintage
    fetch: bool
    reason: str
    beside: bool = False


class State:
    """
    The vintages that the lake holds of one source; changed as a run publishes.
    """

    def __init__(self, holds: Iterable[Held] = ()) -> None:
        self._held = {(held.dataset, held.vintage.id): held for held in holds}

    def holds(self) -> tuple[Held, ...]:
        """
        Return everything held, sorted by dataset and vintage.
        """
        return tuple(self._held[key] for key in sorted(self._held))

    def put(self, held: Held) -> None:
        """
        Hold a vintage in place of the one of the same name.
        """
        self._held[held.dataset, held.vintage.id] = held

    def drop(self, held: Held) -> None:
        """
        Hold a vintage no more.
        """
        self._held.pop((held.dataset, held.vintage.id), None)

    def keep_tokens(self, before: Iterable[Held]) -> None:
        """
        Keep the tokens by which vintages were known *before*, where the figures are the same.

        So an agency's API need not be asked again for what an archive has brought as well.
        """
        for old in before:
            now = self._held.get((old.dataset, old.vintage.id))
            if now is not None and now.figures == old.figures:
                tokens = [*old.token.split(_SEPARATOR), *now.token.split(_SEPARATOR)]
                self.put(attrs.evolve(now, token=_SEPARATOR.join(dict.fromkeys(tokens))))

    def of_release(self, dataset: str, released: date) -> list[Held]:
        """
        Return the vintages of one release date, in sequence.
        """
        return [h for h in self.holds() if (h.dataset, h.released) == (dataset, released)]

    def before(self, dataset: str, vintage: Vintage) -> Held | None:
        """
        Return the vintage released before this one, of those that are in Silver.
        """
        earlier = [
            held
            for held in self.holds()
            if held.dataset == dataset and held.fingerprint and held.vintage.id < vintage.id
        ]
        return earlier[-1] if earlier else None

    def decide(
        self, dataset: Dataset, offered: Sequence[Vintage], *, full: bool, archive: bool = False
    ) -> list[Decision]:
        """
        Decide which of the vintages that a source offers must be fetched.

        A live source offers one vintage a date, which must be the last one we know of that date; an
        archive may offer several, or one that was revised since.

        :raises ContentError: A vintage has a date that is still to come. What is published under it
            would stand above all that is released until then.
        """
        refuse_dates_to_come(dataset, offered)
        dates = [vintage.released for vintage in offered]
        decisions = []
        for vintage in offered:
            known = self.of_release(dataset.name, vintage.released)
            beside = archive or dates.count(vintage.released) > 1
            candidates = known if beside else known[-1:]
            reason = _reason(known, candidates, vintage)
            if full and not reason:
                reason = "asked to look at everything"
            decisions.append(
                Decision(
                    dataset=dataset,
                    vintage=vintage,
                    fetch=bool(reason),
                    reason=reason or "nothing has changed",
                    beside=beside,
                )
            )
        return decisions


def refuse_dates_to_come(dataset: Dataset, offered: Sequence[Vintage]) -> None:
    """
    Refuse a release that nobody can have made yet: its date was misread.
    """
    today = (datetime.now(UTC) + _FIRST_TIME_ZONE).date()
    for vintage in offered:
        if vintage.released > today:
            msg = (
                f"dataset {dataset.name}: the release date {vintage.released} is still to come; "
                f"see how the source reads it out of {vintage.note!r}"
            )
            raise ContentError(msg)


def _reason(known: Sequence[Held], candidates: Sequence[Held], vintage: Vintage) -> str:
    if not known:
        return "new vintage"
    same = [held for held in candidates if vintage.token in held.token.split(_SEPARATOR)]
    if not same:
        return "note or headline figures changed"
    if not any(held.selection.covers(vintage.selection) for held in same):
        return "more is selected than before"
    return ""


@frozen(kw_only=True)
class Outdated:
    """
    A vintage whose Silver must be made from Bronze, and why.
    """

    held: Held
    dataset: Dataset = field(repr=False)
    reason: str


def outdated(
    state: State, dataset: Dataset, code: str, present: Mapping[str, str | None], source: str
) -> list[Outdated]:
    """
    Find vintages that have only Bronze, were made by other code, or whose Silver is gone or another.

    *present* maps the paths of the partitions in the lake to their fingerprints.
    """
    found = []
    for held in state.holds():
        if held.dataset != dataset.name or not held.made_from:
            continue
        if not held.fingerprint:
            reason = "only in Bronze so far"
        elif held.code != code:
            reason = f"made by {held.code}, now {code}"
        elif silver_key(source, held).path not in present:
            reason = "its Silver partition is gone"
        elif present[silver_key(source, held).path] != held.fingerprint:
            reason = "its Silver partition is not the one that was recorded"
        else:
            continue
        whole = attrs.evolve(dataset, selection=held.selection)
        found.append(Outdated(held=held, dataset=whole, reason=reason))
    return found
