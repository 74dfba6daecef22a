"""Areas that a payload assigns to another parent than the dataset's code list does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from statpipe.domain.codes import encoded
from statpipe.domain.gate import admitted

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe.domain.dataset import Dataset

AREA_PARENT = "area_parent"
"""The column in which a normalizer may give the parent area that the payload prints for a row's
area. It is not stored."""


@frozen(kw_only=True)
class OtherParent:
    """
    An area, its parent in the code list, and its printed parent.
    """

    area: str
    listed: str | None
    printed: str


def other_parents(table: pa.Table, dataset: Dataset) -> tuple[OtherParent, ...]:
    """
    Return where the column ``area_parent`` of a normalizer's table contradicts the dataset's code list.

    A null means that no parent is printed. Areas that are not listed cannot contradict the list.

    :raises ContentError: No sink can hold a code.
    """
    if not {"ref_area", AREA_PARENT} <= set(table.column_names):
        return ()
    listed = {area.code: area.parent for area in dataset.areas}
    return tuple(
        OtherParent(area=area, listed=listed[area], printed=printed)
        for area, printed in _printed(table, dataset)
        if printed is not None and area in listed and printed != listed[area]
    )


def _printed(table: pa.Table, dataset: Dataset) -> list[tuple[str, str | None]]:
    """Return each combination of area and printed parent, in the order of their codes."""
    import pyarrow as pa

    codes = {
        name: admitted(encoded(table[name]), name, dataset.name)
        for name in ("ref_area", AREA_PARENT)
    }
    pairs = (
        pa.table({name: column.indices for name, column in codes.items()})
        .group_by(list(codes))
        .aggregate([])
        .to_pylist()
    )
    texts = {name: column.dictionary.to_pylist() for name, column in codes.items()}
    found = [
        (
            texts["ref_area"][pair["ref_area"]],
            None if pair[AREA_PARENT] is None else texts[AREA_PARENT][pair[AREA_PARENT]],
        )
        for pair in pairs
        if pair["ref_area"] is not None
    ]
    return sorted(found, key=lambda pair: (pair[0], pair[1] or ""))
