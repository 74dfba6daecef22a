"""Picks one file for each table and release if a zip or a folder has several.

BEA's zips contain a file of each table for all areas, and another one for each area. Table and
release are read from the content of the files. The name only identifies files of single areas,
which are ignored if there is a larger file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from statpipe.api import ContentError
from statpipe_bea import tables


class Candidate(Protocol):
    """
    A file with a table of a release.
    """

    @property
    def table(self) -> str:
        """
        Today's name of the table.
        """

    @property
    def name(self) -> str:
        """
        The file's name, with its folders.
        """

    @property
    def note(self) -> str | None:
        """
        The last update in its footer.
        """

    @property
    def size(self) -> int:
        """
        Its length in bytes.
        """

    @property
    def digest(self) -> str:
        """
        A hash: equal files have equal digests.
        """


class AmbiguousTable(ContentError):
    """
    Several files hold the same table and release, and none of them covers all areas.
    """


C = TypeVar("C", bound=Candidate)

_ONE_AREA = re.compile(
    r"[A-Z0-9]+_{1,2}(?P<area>[A-Z]{2,4})_(19|20)\d{2}_(19|20)\d{2}\b.*", re.IGNORECASE
)


def whole_tables(files: Iterable[C]) -> list[C]:
    """
    Return one file for each table and release, in the order of the input.

    :raises AmbiguousTable: Two files of a table and release differ, or all are files of single areas.
    """
    groups: dict[tuple[str, str | None], dict[str, C]] = {}
    for file in files:
        groups.setdefault((file.table, file.note), {}).setdefault(file.digest, file)
    return [_whole(list(group.values())) for group in groups.values()]


def _whole(files: Sequence[C]) -> C:
    largest = max(files, key=lambda file: file.size)
    others = [file for file in files if file is not largest and not _is_of_one_area(file)]
    what = f"{largest.table} ({largest.note})"
    if others:
        names = " and ".join(sorted(repr(file.name) for file in (largest, others[0])))
        msg = (
            f"{names} both contain {what} and differ; expected one file per table and release, "
            "keep one of them"
        )
        raise AmbiguousTable(msg)
    if len(files) > 1 and _is_of_one_area(largest):
        msg = (
            f"{len(files)} files contain {what} for single areas, such as {largest.name!r}; "
            f"expected the file for all areas, such as {largest.table}__ALL_AREAS_1997_2021.csv"
        )
        raise AmbiguousTable(msg)
    return largest


def _is_of_one_area(file: Candidate) -> bool:
    match = _ONE_AREA.fullmatch(file.name.rpartition("/")[2])
    return match is not None and match["area"].upper() in {area.code for area in tables.areas()}
