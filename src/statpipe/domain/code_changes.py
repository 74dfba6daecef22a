"""Which codes a vintage added, renamed and withdrew."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from statpipe.domain.codes import encoded
from statpipe.domain.dimension import RESERVED, names_column

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN_CODES = 20
"""How many codes of each kind are listed."""

_IN_WORDS = 3
"""How many of them the message lists."""

_NAMES = {"ref_area": "geo_name", "category": "category_name"}
_WORDS = {"ref_area": "area"}

Names = Mapping[str, Collection[str]]
"""The codes of a table, each with its names there."""


@frozen(kw_only=True)
class CodeChange:
    """
    A code that was added, withdrawn or renamed; ``before`` is its old name.
    """

    code: str
    name: str
    before: str = ""


@frozen(kw_only=True)
class CodeChanges:
    """
    How a vintage changed the codes of a column: ``ref_area``, ``category``, or a dimension's
    column.

    ``added``, ``renamed`` and ``withdrawn`` count them, ``shown`` names the first of each. If a
    ``dimension`` itself is ``added`` or ``withdrawn``, its codes are not listed.
    """

    column: str
    added: int = 0
    renamed: int = 0
    withdrawn: int = 0
    shown: Mapping[str, tuple[CodeChange, ...]] = field(factory=dict, repr=False)
    dimension: Literal["", "added", "withdrawn"] = ""

    @property
    def in_words(self) -> str:
        """
        The changes in a few words: ``currency: 1 added (SEK Krona)``.
        """
        if self.dimension:
            return f"dimension {self.column} {self.dimension}"
        counts = {"added": self.added, "renamed": self.renamed, "withdrawn": self.withdrawn}
        told = [
            f"{count:,} {what} ({_listed(self.shown.get(what, ()), count)})"
            for what, count in counts.items()
            if count
        ]
        return f"{_WORDS.get(self.column, self.column)}: {', '.join(told)}"


def _listed(changes: tuple[CodeChange, ...], count: int) -> str:
    texts = [
        f"{one.code} from {one.before} to {one.name}" if one.before else f"{one.code} {one.name}"
        for one in changes[:_IN_WORDS]
    ]
    return ", ".join([*texts, *(["..."] if count > len(texts) else [])])


def code_changes(before: pa.Table, after: pa.Table, elsewhere: pa.Table) -> tuple[CodeChanges, ...]:
    """
    Compare the codes known *before* a vintage with those *after* it.

    Both are Silver. *elsewhere* are the rows outside the vintage's selection, whose codes are not
    withdrawn.
    """
    found = []
    for column in dict.fromkeys((*_NAMES, *_dimensions(before), *_dimensions(after))):
        known, now = column in before.column_names, column in after.column_names
        if known and now:
            others = _named(elsewhere, column) if column in elsewhere.column_names else {}
            found.append(_compared(column, _named(before, column), _named(after, column), others))
        else:
            found.append(CodeChanges(column=column, dimension="added" if now else "withdrawn"))
    return tuple(one for one in found if one.dimension or one.shown)


def _compared(column: str, before: Names, after: Names, elsewhere: Names) -> CodeChanges:
    changes = {
        "added": [_change(code, after[code]) for code in after.keys() - before.keys()],
        "renamed": [
            _change(code, after[code], before[code])
            for code in after.keys() & before.keys()
            if set(after[code]).isdisjoint(before[code])
        ],
        "withdrawn": [
            _change(code, before[code]) for code in before.keys() - after.keys() - elsewhere.keys()
        ],
    }
    return CodeChanges(
        column=column,
        added=len(changes["added"]),
        renamed=len(changes["renamed"]),
        withdrawn=len(changes["withdrawn"]),
        shown={
            what: tuple(sorted(some, key=lambda one: one.code)[:SHOWN_CODES])
            for what, some in changes.items()
            if some
        },
    )


def _change(code: str, names: Collection[str], before: Collection[str] = ()) -> CodeChange:
    return CodeChange(code=code, name=min(names), before=min(before, default=""))


def _dimensions(table: pa.Table) -> Iterator[str]:
    there = set(table.column_names)
    for name in table.column_names:
        if name not in RESERVED and names_column(name) in there:
            yield name


def _named(table: pa.Table, column: str) -> Names:
    """Return the codes with their names. Pairs are found by number and not row by row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes, names = (
        encoded(table[one]) for one in (column, _NAMES.get(column) or names_column(column))
    )
    width = max(len(names.dictionary), 1)
    numbers = pc.add(
        pc.multiply(codes.indices.cast(pa.int64()), width), names.indices.cast(pa.int64())
    )
    texts, titles = codes.dictionary.to_pylist(), names.dictionary.to_pylist()
    found: dict[str, set[str]] = {}
    for number in pc.unique(numbers).drop_null().to_pylist():
        code, name = divmod(number, width)
        found.setdefault(texts[code], set()).add(titles[name])
    return found
