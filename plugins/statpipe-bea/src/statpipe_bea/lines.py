"""The category of each line of a release, for the channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import attrs
from attrs import frozen

from statpipe.api import Dataset, Selection, Vintage
from statpipe_bea.crosswalk import (
    Layout,
    PrintedLine,
    is_renumbered,
    layout_or_known,
    new_category,
)
from statpipe_bea.tables import category_code

_TOLD = " lines:"


@frozen(kw_only=True)
class ReleaseLines:
    """
    The lines of a table in one release. ``told`` is true if titles and units in the release
    identify them. Otherwise, they are the recorded lines, and the normalizer reports what is wrong.
    ``new`` are lines of a renumbered table that are not on record; a vintage needs their units.
    """

    table: str
    codes: Layout
    renumbered: bool = False
    told: bool = False
    new: tuple[PrintedLine, ...] = ()

    @property
    def asked(self) -> Mapping[str, str | None]:
        """
        The lines to request: those with a category, and new ones, which have none yet.
        """
        return {**self.codes, **dict.fromkeys(one.line for one in self.new)}

    def vintage(self, vintage: Vintage, asked: Selection) -> Vintage:
        """
        Return the vintage with the part of *asked* that it covers.

        A release of a renumbered table only covers its own categories. So categories of other
        releases do not count as withdrawn. Its token also contains the recorded line numbers.
        """
        if not self.renumbered:
            return attrs.evolve(vintage, selection=asked)
        wanted = asked.categories
        new = [new_category(self.table, one.title, one.unit or "") for one in self.new]
        held = [c for c in (*self.codes.values(), *new) if wanted is None or c in wanted]
        numbers = ",".join(f"{n}={self.codes[n]}" for n in sorted(self.codes, key=int))
        return attrs.evolve(
            vintage,
            selection=attrs.evolve(asked, categories=held),
            token=f"{vintage.token}{_TOLD}{numbers}" if self.told else vintage.token,
        )


def lines_in_token(token: str) -> Layout:
    """
    Return the line numbers in a vintage's token, or an empty mapping.
    """
    for part in token.splitlines():
        _, _, told = part.partition(_TOLD)
        if told:
            return dict(pair.split("=", 1) for pair in told.split(","))
    return {}


def release_lines(dataset: Dataset, printed: Iterable[PrintedLine], released: date) -> ReleaseLines:
    """
    Return the category of each printed line.
    """
    printed, table = list(printed), dataset.name
    if not is_renumbered(table):
        codes = {one.line: category_code(table, one.line) for one in printed}
        return ReleaseLines(table=table, codes=codes)
    layout, told = layout_or_known(table, printed, released)
    new = tuple(one for one in printed if told and one.line not in layout)
    return ReleaseLines(table=table, codes=layout, renumbered=True, told=told, new=new)
