"""Observations that know where they were printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import ContentError, Dataset
from statpipe_bea import tables

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
    Return the code of an area by BEA's FIPS code; names may carry asterisks and do not count.

    :raises ContentError: The code is none of the 60 areas.
    """
    for area in dataset.areas:
        if area.geo_fips == fips:
            return area.code
    msg = f"{where()}: area {fips!r}; expected one of BEA's {len(dataset.areas)} areas such as '06000'"
    raise ContentError(msg)
