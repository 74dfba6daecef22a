"""Code lists that are partial by their own word: codes that only the data have are named by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from statpipe.api import Code, Payload
from statpipe_sdmx.components import named_columns
from statpipe_sdmx.data import read_data
from statpipe_sdmx.structure import Item, Structure


def completed(structure: Structure, messages: Sequence[Payload]) -> Structure:
    """
    Return the structure with the codes that data messages have and its partial lists lack. Without such lists, nothing is
    read.

    :raises ContentError: A message is malformed.
    """
    partial = [one for one in structure.dimensions if one.is_partial and one.codes]
    if not partial:
        return structure
    used: dict[str, set[str]] = {one.id: set() for one in partial}
    for one in messages:
        columns = named_columns(read_data(one), one, structure)
        for name, codes in used.items():
            codes.update(text for text in columns[name].unique().to_pylist() if text)
    return attrs.evolve(
        structure,
        dimensions=tuple(_with(one, used.get(one.id, ())) for one in structure.dimensions),
    )


def _with(item: Item, used: Iterable[str]) -> Item:
    listed = {one.code for one in item.codes}
    added = (Code(code=code, name=code) for code in sorted(set(used) - listed))
    return attrs.evolve(item, codes=(*item.codes, *added))
