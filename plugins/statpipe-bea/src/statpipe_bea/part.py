"""Observations that know where they were printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import Area, Category, ContentError, Dataset
from statpipe.domain.codes import looked_up, used_texts
from statpipe_bea import tables
from statpipe_bea.tables import category_code

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class Part:
    """
    The observations of some payloads, and where each row was printed.
    """

    table: pa.Table = field(repr=False)
    where: Callable[[int], str] = field(repr=False)


def table_name(printed: str) -> str:
    """
    Return today's name of a table, also for one that was renamed since.
    """
    return tables.former_names().get(printed, printed)


def area_code(fips: str, dataset: Dataset, where: Callable[[], str]) -> str:
    """
    Return the code of an area by BEA's FIPS code; one that is not listed is new and its own code.

    Names may carry asterisks and do not count.

    :raises ContentError: It is not a FIPS code.
    """
    for area in dataset.areas:
        if area.geo_fips == fips:
            return area.code
    if re.fullmatch(r"[0-9]{5}", fips):
        return fips
    msg = f"{where()}: area {fips!r}; expected one of BEA's {len(dataset.areas)} areas such as '06000'"
    raise ContentError(msg)


def line_code(line: str, dataset: Dataset, where: Callable[[], str]) -> str:
    """
    Return the code of a line that is not on record.

    :raises ContentError: It is not a number.
    """
    if re.fullmatch(r"[1-9][0-9]*", line):
        return category_code(dataset.name, line)
    raise ContentError(f"{where()}: line {line!r} of {dataset.name}; expected a number")


def names_with_new(
    codes: pa.DictionaryArray, listed: Iterable[Area | Category], name: Callable[[str], str | None]
) -> pa.DictionaryArray | None:
    """
    Return the names of codes, of which some are not listed: *name* gives those that are printed.

    ``None`` if all are listed, as is so nearly always: then the code list has the names.
    """
    names: dict[str, str | None] = {entry.code: entry.name for entry in listed}
    new = set(used_texts(codes)) - set(names)
    if not new:
        return None
    names |= {code: name(code) for code in new}
    return looked_up(codes, [names.get(code) for code in codes.dictionary.to_pylist()])
