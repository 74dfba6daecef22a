"""Reads some rows of a Gold table, skipping row groups that cannot contain them.

A table is sorted by its grain, so its row groups are ranges of areas and categories. The footer
contains the smallest and largest text of each range. If a file has several row groups, only the
footer and the groups that may contain wanted rows are read. The footer and each group have their
own hash, so a changed byte is noticed. A file with a single group is read and verified as a whole,
and so are files of older versions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from statpipe.api import ContentError, PartitionKey
from statpipe.domain.in_order import put_together
from statpipe_lake.parquet import (
    FOOTER,
    PARTITION,
    decoded,
    fingerprint_in,
    from_parquet,
    grain_of,
    group_hashes,
    group_ranges,
    metadata_of,
    part_fault,
)
from statpipe_lake.parts import listed_in, path_of

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe_lake.store import ObjectStore

Wanted = Mapping[str, Collection[str]]
"""The wanted texts of each column."""

_END = 8
"""Bytes after the footer: its length, and Parquet's magic number."""


def some_rows(store: ObjectStore, key: PartitionKey, wanted: Wanted) -> pa.Table:
    """
    Read the wanted rows of a Gold table, and possibly others, in order.

    :raises ContentError: A file is missing, damaged, or of another version. Reading the complete
        table tells which.
    """
    head, own = _of_file(store, path_of(key), key.path, wanted)
    years = [(path_of(key, year), print_) for year, print_, _ in listed_in(head[-FOOTER:]) if year]

    def part(one: tuple[str, str]) -> pa.Table:
        tail, rows = _of_file(store, one[0], one[0], wanted)
        if fingerprint_in(tail[-FOOTER:]) != one[1]:
            raise ContentError(f"{one[0]} in the lake is not the one that {path_of(key)} lists")
        return rows

    return put_together([*store.side_by_side(part, years), own], grain_of(head)) if years else own


def _of_file(store: ObjectStore, path: str, place: str, wanted: Wanted) -> tuple[bytes, pa.Table]:
    """Return the last bytes of a file, and its rows."""
    tail = store.tail(path, FOOTER)
    if tail is None:
        raise ContentError(f"the lake has no {path}")
    footer = _footer(store, path, tail)
    hashes = group_hashes(footer)
    if hashes:
        about = metadata_of(footer)
        groups = [n for n in range(len(hashes)) if _may_hold(about.row_group(n), wanted)]
        if len(groups) < len(hashes) and about.metadata[PARTITION].decode() == place:
            ranges = group_ranges(about)
            content = _content(store, path, footer, ranges, {n: hashes[n] for n in groups})
            return footer, decoded(content, groups)
    body = store.get(path) or b""
    reason = part_fault(body, place)
    if reason:
        raise ContentError(f"{path} in the lake is damaged: {reason}")
    return body, from_parquet(body)


def _footer(store: ObjectStore, path: str, tail: bytes) -> bytes:
    length = int.from_bytes(tail[-_END:-4], "little") + _END
    if length > len(tail):
        tail = store.tail(path, length) or b""
    return tail[-length:]


def _may_hold(group: Any, wanted: Wanted) -> bool:
    """Return whether a row group may have a row with a wanted text in each column."""
    for number in range(group.num_columns):
        column = group.column(number)
        texts = wanted.get(column.path_in_schema)
        about = column.statistics if texts is not None else None
        if about is None or not about.has_min_max or not isinstance(about.min, str):
            continue
        least, most = about.min.encode(), about.max.encode()  # as Parquet compares texts
        if not any(least <= text.encode() <= most for text in texts or ()):
            return False
    return True


def _content(
    store: ObjectStore,
    path: str,
    footer: bytes,
    ranges: list[tuple[int, int]],
    hashes: Mapping[int, str],
) -> pa.Buffer:
    """
    Return a file with its footer and some row groups. The ranges of the other groups are left
    blank.
    """
    import hashlib

    import pyarrow as pa

    whole = ranges[-1][1]
    content = pa.allocate_buffer(whole + len(footer))
    view = memoryview(content).cast("B")
    view[:4], view[whole:] = b"PAR1", footer
    for start, end in _joined([ranges[n] for n in hashes]):
        view[start:end] = _piece(store, path, start, end)
    for number, hashed in hashes.items():
        start, end = ranges[number]
        if hashlib.sha256(view[start:end]).hexdigest() != hashed:
            raise ContentError(
                f"{path} in the lake is damaged: bytes {start} to {end} have changed"
            )
    return content


def _piece(store: ObjectStore, path: str, start: int, end: int) -> bytes:
    body = store.piece(path, start, end - start) or b""
    if len(body) != end - start:
        raise ContentError(f"{path} in the lake is damaged: it is cut off")
    return body


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join adjacent ranges, so that one request reads them."""
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
