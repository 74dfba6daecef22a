"""What must be fetched, or rebuilt from Bronze, given what the lake holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import attrs
from attrs import field, frozen

from statpipe.api import ContentError, Dataset, Held, Vintage
from statpipe.engine.record.state import SEPARATOR, State, silver_key

_FIRST_TIME_ZONE = timedelta(hours=14)
"""The largest lead of a time zone over UTC."""


@frozen(kw_only=True)
class Decision:
    """
    Whether a vintage that the source offers must be fetched, and why. ``beside`` says that it may
    be any held vintage of its date, and not only the last one, as in an archive.
    """

    dataset: Dataset
    vintage: Vintage
    fetch: bool
    reason: str
    beside: bool = False


def decide(
    state: State,
    dataset: Dataset,
    offered: Sequence[Vintage],
    *,
    full: bool,
    archive: bool = False,
) -> list[Decision]:
    """
    Decide which of the vintages that a source offers must be fetched.

    A live source offers one vintage per date, which must be the last known one of that date. An
    archive may offer several, or one that was revised later. The newest vintage that a source
    offers is its current one. If it showed a later one before, it has withdrawn that one.

    :raises ContentError: A vintage has a future date. Figures published under it would override all
    releases until then.
    """
    refuse_dates_to_come(dataset, offered)
    dates = [vintage.released for vintage in offered]
    decisions = []
    for vintage in offered:
        known = state.may_be(dataset.name, vintage)
        shown_now = vintage.released == max(dates) and dates.count(vintage.released) == 1
        beside = archive or not shown_now
        candidates = known if beside else known[-1:]
        reason = _reason(known, candidates, vintage)
        figures = known[-1].figures if known else ""
        if not (reason or beside) and figures and state.returns_to(dataset.name, vintage, figures):
            reason = "the agency now shows an earlier release"
        if full and not reason:
            reason = "everything was requested"
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
    Refuse a release with a future date, which must have been misread.
    """
    today = (datetime.now(UTC) + _FIRST_TIME_ZONE).date()
    for vintage in offered:
        if vintage.released > today:
            msg = (
                f"dataset {dataset.name}: the release date {vintage.released} is in the future; "
                f"check how the source reads it from {vintage.note!r}"
            )
            raise ContentError(msg)


def _reason(known: Sequence[Held], candidates: Sequence[Held], vintage: Vintage) -> str:
    if not known:
        return "new vintage"
    same = [held for held in candidates if vintage.token in held.token.split(SEPARATOR)]
    if not same:
        return "note or headline figures changed"
    if not any(held.selection.covers(vintage.selection) for held in same):
        return "the selection has grown"
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
    Find vintages that have only Bronze, were made by other code, or whose Silver is missing or
    different.

    *present* maps the paths of partitions in the lake to their fingerprints.
    """
    found = []
    for held in state.of(dataset.name):
        if not held.made_from:
            continue
        if not held.fingerprint:
            reason = "only in Bronze so far"
        elif held.code != code:
            reason = f"made by {held.code}, now {code}"
        elif silver_key(source, held).path not in present:
            reason = "its Silver partition is missing"
        elif present[silver_key(source, held).path] != held.fingerprint:
            reason = "its Silver partition differs from the recorded one"
        else:
            continue
        whole = attrs.evolve(dataset, selection=held.selection)
        found.append(Outdated(held=held, dataset=whole, reason=reason))
    return found


_T = TypeVar("_T", Decision, Outdated)


def by_release(items: Sequence[_T]) -> list[list[_T]]:
    """
    Group by release date, oldest first. A dataset occurs once in a group.

    An archive may have two vintages of one date: the first must be published before the second.
    """
    groups: dict[tuple[date, int], list[_T]] = {}
    seen: dict[tuple[date, str], int] = {}
    for item in items:
        vintage = item.vintage if isinstance(item, Decision) else item.held.vintage
        key = (vintage.released, item.dataset.name)
        seen[key] = seen.get(key, 0) + 1
        groups.setdefault((vintage.released, seen[key]), []).append(item)
    return [groups[key] for key in sorted(groups)]
