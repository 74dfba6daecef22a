"""Titles and units that settings accept besides those of the code lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from attrs import field, frozen

from statpipe_bea.titles import plain

_SCALES = frozenset({"hundred", "thousand", "million", "billion", "trillion"})
_KINDS = frozenset({"constant", "chained", "real", "index", "percent", "dollar"})
"""Words that say what figures are in; BEA writes ``current`` or leaves it out."""


@frozen(kw_only=True)
class Accepted:
    """
    ``titles`` maps category codes to new titles, ``units`` new spellings of units to known ones.
    """

    titles: Mapping[str, str] = field(factory=dict)
    units: Mapping[str, str] = field(factory=dict)

    def unit(self, printed: str, known: Iterable[str]) -> str:
        """
        Return the known unit that a printed one is; the printed one if it is none of them.

        Case, punctuation and plural do not matter. A new spelling counts if settings accept it.
        """
        units = {plain(unit): unit for unit in known}
        accepted = {plain(new): old for new, old in self.units.items() if may_be_same(new, old)}
        same = units.get(plain(printed), accepted.get(plain(printed)))
        return same if same in units.values() and same is not None else printed


def may_be_same(printed: str, known: str) -> bool:
    """
    Tell whether a unit may be another spelling of one: no other scale, kind, or base year.
    """
    return _meaning(printed) == _meaning(known)


def _meaning(unit: str) -> frozenset[str]:
    words = set(plain(unit).split())
    return frozenset(words & (_SCALES | _KINDS) | set(re.findall(r"\d+", unit)))
