"""A Gold table in several files: one per year with rows that became final in it, and one with all
other rows.

The file with the other rows, ``part-0.parquet``, is written last. Its footer lists the other files
with their fingerprints, so readers notice a file of another version of the table.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs

from statpipe.api import ContentError, Part, Partition, PartitionKey
from statpipe.domain.in_order import put_together
from statpipe_lake.parquet import (
    FOOTER,
    fingerprint_in,
    from_parquet,
    grain_of,
    part_fault,
    to_parquet,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe_lake.store import ObjectStore

PARTS = b"statpipe.parts"

_LIST = re.compile(PARTS + rb".{1,6}?\[((?:[0-9]{4}:[0-9a-f]{64}:[0-9]+;)*)\]", re.DOTALL)
"""The value's length is between the key and the value; see ``_ENTRY`` in
:mod:`statpipe_lake.parquet`."""
_PAUSE = 0.2
"""Seconds that a reader waits for a writer, which takes milliseconds from one file to the next."""


def path_of(key: PartitionKey, year: int | None = None) -> str:
    """
    Return the path of a partition's file, or of a part's.
    """
    return f"{key.path}/part-{year or 0}.parquet"


def listed_in(tail: bytes) -> list[tuple[int | None, str, int]]:
    """
    Read the list of parts from a file's last bytes: year, fingerprint and rows of each. It is empty
    for a table in one file.
    """
    found = _LIST.search(tail)
    entries = found[1].decode().split(";")[:-1] if found else []
    split = [entry.split(":") for entry in entries]
    return [(int(year) or None, fingerprint, int(rows)) for year, fingerprint, rows in split]


def encoded_parts(partition: Partition, held: Sequence[Part]) -> dict[str, bytes]:
    """
    Encode the parts that are not stored yet, by their paths. The file that lists all parts is last.
    """
    there = {part.identity for part in held}
    bodies = {}
    for part in sorted(partition.parts, key=lambda part: (part.year is None, part.year)):
        if part.held and part.identity in there:
            continue
        own = attrs.evolve(partition, table=part.read(), fingerprint=part.fingerprint, parts=())
        path = path_of(partition.key, part.year)
        listed = {PARTS: _list(partition.parts)} if part.year is None else {}
        place = path if part.year else partition.key.path
        bodies[path] = to_parquet(own, place, listed)
    return bodies


def held_parts(store: ObjectStore, key: PartitionKey) -> list[Part]:
    """
    Return the parts of a Gold table; each is read when it is needed.
    """
    tail = store.tail(path_of(key), FOOTER)
    return [
        Part(
            year=year,
            fingerprint=fingerprint,
            rows=rows,
            read=partial(_read, store, key, year, fingerprint),
            held=True,
        )
        for year, fingerprint, rows in (listed_in(tail) if tail else [])
    ]


def all_rows(store: ObjectStore, key: PartitionKey, head: bytes) -> pa.Table:
    """
    Read the parts that a file lists, and put them together with its own rows.

    If a writer is active, they are read once more.

    :raises ContentError: A part is missing, damaged, or of another version of the table.
    """
    while True:
        listed = [(year, fingerprint) for year, fingerprint, _ in listed_in(head[-FOOTER:]) if year]
        try:
            tables = [_read(store, key, year, fingerprint) for year, fingerprint in listed]
        except ContentError:
            time.sleep(_PAUSE)
            newer = store.get(path_of(key))
            if newer in {None, head} or part_fault(newer or b"", key.path):
                raise
            head = newer or b""
        else:
            own = from_parquet(head)
            return put_together([*tables, own], grain_of(head)) if tables else own


def _read(store: ObjectStore, key: PartitionKey, year: int | None, fingerprint: str) -> pa.Table:
    path = path_of(key, year)
    body = store.get(path)
    if body is None:
        reason = "it is gone"
    else:
        reason = part_fault(body, path if year else key.path)
        if not reason and fingerprint_in(body[-FOOTER:]) != fingerprint:
            reason = f"it differs from the one that {path_of(key)} lists"
    if body is None or reason:
        msg = (
            f"{path} in the lake is damaged: {reason}; run `statpipe lake verify --repair` to "
            "rebuild it"
        )
        raise ContentError(msg)
    return from_parquet(body)


def _list(parts: Sequence[Part]) -> bytes:
    entries = [f"{part.year or 0:04}:{part.fingerprint}:{part.rows};" for part in parts]
    return f"[{''.join(sorted(entries))}]".encode()
