"""Codes that an agency has added and a dataset does not list yet: the rest is loaded, they wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.domain.codes import encoded, used_texts
from statpipe.domain.errors import ContentError
from statpipe.domain.gate import admitted
from statpipe.domain.text import holdable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from statpipe.domain.dataset import Dataset

_NAMES = {"category": "category_name", "ref_area": "geo_name"}
"""The column with the name that the payload prints for a code, by the column of the code."""


@frozen(kw_only=True)
class NewCode:
    """
    A code that is not in the dataset's code list, under the name that the payload prints for it.
    """

    column: str
    code: str
    name: str = field(converter=holdable)


def without_new_codes(table: pa.Table, dataset: Dataset) -> tuple[pa.Table, tuple[NewCode, ...]]:
    """
    Return the rows of a normalizer's table whose codes are listed, and the new codes of the others.

    A code is new if the table names it, in ``category_name`` or ``geo_name``. A code without a name may be
    a misreading, so its row stays and sealing refuses it.

    :raises ContentError: No code of the table is listed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    new = tuple(_new_codes(table, dataset))
    if not new:
        return table, ()
    kept = pa.chunked_array([pa.repeat(True, len(table))])
    for column in _NAMES:
        codes = pa.array([one.code for one in new if one.column == column], pa.string())
        kept = pc.and_(kept, pc.invert(pc.is_in(table[column].cast(pa.string()), value_set=codes)))
    known = table.filter(kept)
    if not len(known):
        first = new[0]
        msg = (
            f"dataset {dataset.name}: none of its rows has codes that are listed; the first is {first.column} "
            f"{first.code!r} ({first.name}); see whether the payload is of another table"
        )
        raise ContentError(msg)
    return known, new


def _new_codes(table: pa.Table, dataset: Dataset) -> Iterator[NewCode]:
    import pyarrow.compute as pc

    lists = {
        "category": {category.code for category in dataset.categories},
        "ref_area": {area.code for area in dataset.areas},
    }
    for column, names in _NAMES.items():
        listed = lists[column]
        if not listed or not {column, names} <= set(table.column_names):
            continue
        codes = admitted(encoded(table[column]), column, dataset.name)
        for code in sorted(set(used_texts(codes)) - listed):
            row = pc.index(codes.indices, pc.index(codes.dictionary, code).as_py()).as_py()
            name = table[names][row].as_py()
            if name:
                yield NewCode(column=column, code=code, name=name)
