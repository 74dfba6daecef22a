"""Decides which vintage a new table is: one that the lake holds, more of it, or a new one.

What came is compared with what is held of the same release date::

    held       what came      where both asked    it is
    CA NY      CA NY          equal               the vintage that is held
    CA NY         NY TX       equal in NY         the vintage that is held, grown to CA NY TX
    CA NY         NY TX       another NY          a new vintage of NY TX
    nothing    CA NY                              a new vintage of CA NY
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from statpipe.api import ContentError, Dataset, Held, Selection, Vintage
from statpipe.domain.canonical import canonical, figures_hash, meaning_hash
from statpipe.domain.seal import in_key_order, with_vintage
from statpipe.engine.record.state import SEPARATOR
from statpipe.engine.stages.task import Silver, silver_of

if TYPE_CHECKING:
    import pyarrow as pa

Read = Callable[[Held], "pa.Table"]


@frozen(kw_only=True)
class Reconciled:
    """
    A table under its vintage's final name.

    ``same`` is the held vintage that it is a part of or adds to, if any; ``grown`` says whether
    cells came in addition, ``reworded`` whether its texts, such as footnotes, say something else, and
    ``redated`` whether it bears a better date now.
    """

    vintage: Vintage
    silver: Silver = field(repr=False)
    same: Held | None = None
    grown: bool = False
    reworded: bool = False
    redated: bool = False

    @property
    def changes(self) -> bool:
        """
        Whether publishing it would change what is held.
        """
        return self.same is None or self.grown or self.reworded or self.redated


def reconcile(  # noqa: PLR0917 - what is compared, and what it is compared with
    dataset: Dataset,
    vintage: Vintage,
    fresh: Silver,
    known: Sequence[Held],
    code: str,
    read: Read,
    named: Callable[[Vintage, bool], Vintage],
    nameless: Held | None = None,
) -> Reconciled:
    """
    Compare a table with what is held of the same release date.

    Equal figures are the same vintage. Where selections differ, only what both asked for is
    compared: equal there, the cells are joined. Anything else is news, which *named* names. If it is
    equal to the *nameless* one, that one has the better date from now on, which *named* is told.
    Texts that differ in white space only stay as they are held, and so do figures that differ in the
    places printed.
    """
    for held in reversed(known):
        if held.figures == fresh.figures:
            final = Reconciled(
                vintage=_as_held(held, vintage),
                silver=_named(fresh, held.vintage.id, code),
                same=held,
            )
            return _with_texts_held(final, held, read)
    if known:
        joined = _joined(dataset, vintage, fresh, known[-1], code, read)
        if joined is not None:
            return joined if joined.grown else _with_texts_held(joined, known[-1], read)
    redated = nameless is not None and nameless.figures == fresh.figures
    name = named(vintage, redated)
    if redated and nameless is not None:
        name = attrs.evolve(
            name,
            sequence=nameless.sequence if nameless.released == name.released else name.sequence,
            token=f"{nameless.token}{SEPARATOR}{vintage.token}",
            selection=_both(nameless.selection, vintage.selection),
        )
    same = nameless if redated else None
    silver = _named(fresh, name.id, code)
    return Reconciled(vintage=name, silver=silver, same=same, redated=redated)


def _named(silver: Silver, vintage: str, code: str) -> Silver:
    if silver.vintage == vintage:
        return silver
    return silver_of(with_vintage(silver.table, vintage), vintage, code)


def _as_held(held: Held, vintage: Vintage) -> Vintage:
    """Give a vintage the name and dates under which the same figures are held."""
    return attrs.evolve(
        held.vintage,
        note=vintage.note,
        token=vintage.token,
        released_at=vintage.released_at or held.released_at,
        selection=_both(held.selection, vintage.selection),
    )


def _with_texts_held(final: Reconciled, held: Held, read: Read) -> Reconciled:
    """Keep what is held of the same figures if it says the same; else note that it does not."""
    if final.silver.fingerprint == held.fingerprint:
        return final
    with contextlib.suppress(ContentError):  # damaged: what was fetched takes its place
        old = read(held)
        if meaning_hash(old) == meaning_hash(final.silver.table):
            kept = Silver(
                table=old,
                vintage=held.vintage.id,
                rows=len(old),
                figures=held.figures,
                fingerprint=held.fingerprint,
            )
            return attrs.evolve(final, silver=kept)
    return attrs.evolve(final, reworded=True)


def _joined(  # noqa: PLR0917 - as above
    dataset: Dataset, vintage: Vintage, fresh: Silver, held: Held, code: str, read: Read
) -> Reconciled | None:
    """Join two selections of one vintage, if they agree where they overlap."""
    import pyarrow as pa

    old = read(held)
    new = with_vintage(fresh.table, held.vintage.id)
    if old.schema.names != new.schema.names:
        return None  # other dimensions make other categories
    # The old cells that were asked for again, and those of the new ones that were known: claimed by
    # the old selection, or there although the selection no longer claims them (see _both).
    both_old = canonical(vintage.selection.rows_of(old))
    both_new = canonical(new.filter(_known(new, old, held.selection, dataset)))
    if figures_hash(both_old) != figures_hash(both_new):
        return None
    only_old = _rows_without(old, vintage.selection)
    # Canonical order is by key; joined rows take the place their key gives them.
    table = (
        canonical(in_key_order(pa.concat_tables([only_old, new]), dataset))
        if len(only_old)
        else new
    )
    return Reconciled(
        vintage=_as_held(held, vintage),
        silver=silver_of(table, held.vintage.id, code),
        same=held,
        grown=len(table) > len(old),
    )


def _known(new: pa.Table, old: pa.Table, claimed: Selection, dataset: Dataset) -> Any:
    """Mark the rows of *new* that lie inside a selection or whose key stands in *old*."""
    import pyarrow.compute as pc

    there = pc.is_in(_keys(new, dataset), value_set=_keys(old, dataset))
    return pc.or_(there, claimed.holds(new))


def _keys(table: pa.Table, dataset: Dataset) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [table[name].cast(pa.string()) for name in dataset.key]
    return pc.binary_join_element_wise(*texts, "\x1f")


def _rows_without(table: pa.Table, selection: Selection) -> pa.Table:
    """Return the rows that lie outside a selection."""
    import pyarrow.compute as pc

    return table.filter(pc.invert(selection.holds(table)))


def _both(one: Selection, other: Selection) -> Selection:
    """
    Describe two selections together, never claiming a cell that neither asked for.

    A box around two boxes would claim more than was asked. Where they differ in just one respect,
    the box is exact; else the larger claim is given up and the newer selection stands.
    """
    if one.covers(other):
        return one
    if other.covers(one):
        return other
    if one.where != other.where:
        return other
    names = ("areas", "categories", "periods")
    differing = [name for name in names if getattr(one, name) != getattr(other, name)]
    if len(differing) != 1:
        return other
    (name,) = differing
    both: dict[str, Any] = {name: (*getattr(one, name), *getattr(other, name))}
    return attrs.evolve(other, **both)
