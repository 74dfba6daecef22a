"""Which category each line of a release is, for the channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import attrs
from attrs import frozen

from statpipe.api import Dataset, Selection, Vintage
from statpipe_bea.crosswalk import Layout, PrintedLine, is_renumbered, layout_or_known
from statpipe_bea.tables import category_code

_TOLD = " lines:"


@frozen(kw_only=True)
class ReleaseLines:
    """
    The lines of a table in one release. ``told`` is whether the release itself says so, by title
    and unit; else they are the recorded ones, and the normalizer will say what is wrong. ``new`` are
    lines that are on record nowhere.
    """

    codes: Layout
    renumbered: bool = False
    told: bool = False
    new: tuple[str, ...] = ()

    @property
    def asked(self) -> Mapping[str, str | None]:
        """
        The lines to ask an agency for: those with a category, and new ones, which have none yet.
        """
        return {**self.codes, **dict.fromkeys(self.new)}

    def vintage(self, vintage: Vintage, asked: Selection) -> Vintage:
        """
        Return the vintage with what it brings of what was *asked*.

        A release of a renumbered table brings the categories that it holds, so that those of
        another release go on: they were not withdrawn. Its token tells the numbers as well.
        """
        if not self.renumbered:
            return attrs.evolve(vintage, selection=asked)
        wanted = asked.categories
        held = [code for code in self.codes.values() if wanted is None or code in wanted]
        numbers = ",".join(f"{n}={self.codes[n]}" for n in sorted(self.codes, key=int))
        return attrs.evolve(
            vintage,
            selection=attrs.evolve(asked, categories=held),
            token=f"{vintage.token}{_TOLD}{numbers}" if self.told else vintage.token,
        )


def lines_in_token(token: str) -> Layout:
    """
    Return the lines that a vintage's token tells; empty if it tells none.
    """
    for part in token.splitlines():
        _, _, told = part.partition(_TOLD)
        if told:
            return dict(pair.split("=", 1) for pair in told.split(","))
    return {}


def numbered_lines(dataset: Dataset, lines: Iterable[str]) -> ReleaseLines:
    """
    Return lines that are known by their numbers.
    """
    return ReleaseLines(codes={line: category_code(dataset.name, line) for line in lines})


def release_lines(dataset: Dataset, printed: Iterable[PrintedLine], released: date) -> ReleaseLines:
    """
    Return which category each printed line is.
    """
    if not is_renumbered(dataset.name):
        return numbered_lines(dataset, (one.line for one in printed))
    printed = list(printed)
    codes, told = layout_or_known(dataset.name, printed, released)
    new = tuple(one.line for one in printed if told and one.line not in codes)
    return ReleaseLines(codes=codes, renumbered=True, told=told, new=new)


def from_titles(titles: Mapping[str, str], where: str) -> list[PrintedLine]:
    """
    Return the lines of a list of lines.
    """
    return [PrintedLine(line=line, title=title, where=where) for line, title in titles.items()]
