"""What a lake of tea must hold after each run, told in sets of cells."""

from __future__ import annotations

import attrs

from statpipe.engine.stages.options import INGEST, TRANSFORM
from support.tea import DATASETS, FACTORS, Cell, Figures, TeaAgency

DAYS = ("2024-02-29", "2024-03-01", "2024-03-31", "2024-04-01", "2024-05-01", "9999-12-31")
Claim = tuple[frozenset[str] | None, frozenset[str] | None]
"""Ports and months that were asked for; ``None`` is all."""


def within(claim: Claim, cell: Cell) -> bool:
    return all(
        codes is None or x in codes for codes, x in zip(claim, (cell[0], cell[2]), strict=True)
    )


def covers(one: Claim, other: Claim) -> bool:
    return all(a is None or (b is not None and b <= a) for a, b in zip(one, other, strict=True))


def together(old: Claim, new: Claim) -> Claim:
    """Both claims, where that is a box; else the newer one."""
    if covers(old, new) or covers(new, old):
        return old if covers(old, new) else new
    differing = [i for i in (0, 1) if old[i] != new[i]]
    if len(differing) > 1:
        return new
    joined = list(new)
    joined[differing[0]] = old[differing[0]] | new[differing[0]]  # type: ignore[operator]
    return joined[0], joined[1]


@attrs.define
class Kept:
    """A vintage of a dataset that the lake holds. ``silver`` is ``None`` while it is in Bronze."""

    date: str
    sequence: int
    token: str
    claim: Claim
    bronze: Figures
    code: str
    silver: Figures | None = None

    @property
    def id(self) -> str:
        return self.date if self.sequence == 1 else f"{self.date}.{self.sequence:02d}"


class Oracle:
    """What the lake must hold, told in sets of cells."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Kept]] = {name: [] for name in DATASETS}

    def copy(self) -> Oracle:
        other = Oracle()
        other.kept = {name: [attrs.evolve(k) for k in kept] for name, kept in self.kept.items()}
        return other

    def run(self, agency: TeaAgency, stages: frozenset[str], *, full: bool) -> bool:
        """Do what a run must do; tell whether it was accepted."""
        refusing = agency.check == "error"
        accepted = True
        if TRANSFORM in stages:
            behind = [k for kept in self.kept.values() for k in kept if is_behind(k, agency)]
            accepted = not (behind and refusing)
            if accepted:
                for name in DATASETS:
                    self._remake(name, agency)
        if INGEST in stages:
            accepted = self._ingest(agency, stages, full, refusing) and accepted
        return accepted

    def _ingest(
        self, agency: TeaAgency, stages: frozenset[str], full: bool, refusing: bool
    ) -> bool:
        wanted: dict[str, list[tuple[str, Kept]]] = {}
        for name in DATASETS:
            fresh = offered(agency, name)
            known = [k for k in self.kept[name] if k.date == fresh.date]
            unchanged = (
                known and known[-1].token == fresh.token and covers(known[-1].claim, fresh.claim)
            )
            if full or not unchanged:
                wanted.setdefault(fresh.date, []).append((name, fresh))
        for day in sorted(wanted):
            if TRANSFORM not in stages:
                for name, fresh in wanted[day]:
                    known = [k for k in self.kept[name] if k.date == day]
                    fresh.sequence = known[-1].sequence + 1 if known else 1
                    self._put(name, fresh)
                continue
            before = self.copy()
            news = [self._take(name, fresh) for name, fresh in wanted[day]]
            if refusing and any(news):
                self.kept = before.kept
                return False
        return True

    def _remake(self, name: str, agency: TeaAgency) -> None:
        for kept in list(self.kept[name]):
            if kept.silver is None:
                self.kept[name].remove(kept)
                kept.code = agency.version
                self._take(name, kept)
            kept.code = agency.version

    def _take(self, name: str, fresh: Kept) -> bool:
        """Publish; tell whether that changed anything."""
        known = [k for k in self.kept[name] if k.date == fresh.date and k.silver is not None]
        last = known[-1] if known else None
        if last is not None and last.silver is not None:
            old = {c: v for c, v in last.silver.items() if within(fresh.claim, c)}
            new = {
                c: v for c, v in fresh.bronze.items() if within(last.claim, c) or c in last.silver
            }
            if last.silver == fresh.bronze or old == new:
                grown = not fresh.bronze.items() <= last.silver.items()
                last.silver = last.silver | fresh.bronze
                last.claim, last.token = together(last.claim, fresh.claim), fresh.token
                return grown
        fresh.sequence = last.sequence + 1 if last else 1
        fresh.silver = fresh.bronze
        self._put(name, fresh)
        return True

    def _put(self, name: str, fresh: Kept) -> None:
        self.kept[name].append(fresh)
        self.kept[name].sort(key=lambda k: (k.date, k.sequence))

    def silver(self) -> dict[tuple[str, str], dict[Cell, str]]:
        return {
            (name, kept.id): {cell: shown(price, kept.code) for cell, price in kept.silver.items()}
            for name, all_kept in self.kept.items()
            for kept in all_kept
            if kept.silver is not None
        }

    def believed(self, day: str) -> dict[tuple[str, Cell], str]:
        """What was the latest figure of each cell at the end of a day."""
        found: dict[tuple[str, Cell], str] = {}
        for name, all_kept in self.kept.items():
            belief: dict[Cell, str] = {}
            for kept in all_kept:
                if kept.silver is not None and kept.date <= day:
                    # What was asked for and did not come was dropped.
                    belief = {c: p for c, p in belief.items() if not within(kept.claim, c)}
                    belief |= {c: shown(p, kept.code) for c, p in kept.silver.items()}
            found |= {(name, cell): price for cell, price in belief.items()}
        return found


def is_behind(kept: Kept, agency: TeaAgency) -> bool:
    return kept.silver is None or kept.code != agency.version


def offered(agency: TeaAgency, name: str) -> Kept:
    """What the agency offers of a dataset now."""
    release = agency.offered(name)[-1]
    claim: Claim = (
        frozenset(agency.ports) if agency.ports else None,
        frozenset(agency.months) if agency.months else None,
    )
    token = release.released if agency.quiet else f"{release.released}{release.figures}"
    cut = {cell: price for cell, price in release.figures.items() if within(claim, cell)}
    return Kept(release.released, 1, token, claim, cut, agency.version)


def shown(price: str, code: str) -> str:
    from decimal import Decimal

    return "-" if price == "-" else f"{Decimal(price) * FACTORS.get(code, Decimal(1)):.8f}"
