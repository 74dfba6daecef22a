"""Tables as Parquet: equal tables give equal bytes, and the footer contains the fingerprint.

The footer also contains the path of the file and a SHA-256 of the whole file.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from statpipe.domain.observation import KEY
from statpipe.domain.self_hash import BLANK, filled_in, is_right

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from statpipe.api import Partition

FINGERPRINT = b"statpipe.fingerprint"
PARTITION = b"statpipe.partition"
SELF_HASH = b"statpipe.self_sha256"

GROUPS = b"statpipe.groups_sha256"

FOOTER = 64 * 1024
"""Upper bound of the footer's bytes after the row groups, in any of our files. Each row group takes
about 6 KB before that."""

_ROWS_IN_GROUP, _MOST_GROUPS = 131_072, 64
"""The minimum rows of a group. Each group repeats the texts of its columns: with this size, a file
of a million rows is 1 % larger than with a single group."""

_SOUGHT = frozenset({*KEY, "dataset", "period_start", "year", "realtime_start", "realtime_end"})
"""The columns that readers filter by. Statistics for all columns would take a fifth of the writing
time."""

_ENTRY = rb"\x18\x40([0-9a-f]{64})"
"""The end of a key-value entry of Parquet's footer in Thrift's compact protocol: after the key's text,
the head of field 2 (``0x18``: next field, binary), the length 64 (``0x40``), and the value."""
_FINGERPRINT = re.compile(FINGERPRINT + _ENTRY)
_SELF_HASH = re.compile(SELF_HASH + _ENTRY)
_GROUP_HASHES = re.compile(GROUPS + rb"\x18..((?:[0-9a-f]{64}){3,})", re.DOTALL)
"""The hash of the footer, and one for each row group; the length has two bytes."""
_OLDER = frozenset({b"ARROW:schema", b"title", b"grain", FINGERPRINT})
"""The footer of a file that an older version wrote."""


def to_parquet(
    partition: Partition, place: str = "", described: Mapping[bytes, bytes] | None = None
) -> bytes:
    """
    Encode a partition with zstd, with dictionaries except for figures, to deterministic bytes.

    The footer contains the path *place*, by default that of the key, and the entries of
    *described*.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = partition.table.schema.remove_metadata()
    doubles = [f.name for f in schema if pa.types.is_floating(f.type)]
    figures = [f.name for f in schema if pa.types.is_decimal(f.type)]
    if partition.model is not None:
        schema = _plain(schema)
    # Statistics of the sorting columns show what a row group contains.
    sought = {*_SOUGHT, *(partition.model.grain if partition.model else ())}
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        partition.table.schema,
        compression="zstd",
        compression_level=3,
        # Most figures occur once: without a dictionary they take less space and time.
        use_dictionary=[name for name in schema.names if name not in {*doubles, *figures}],
        use_byte_stream_split=doubles,
        write_statistics=[name for name in schema.names if name in sought],
        write_page_index=False,
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        groups = _groups_of(partition)
        each = -(-len(partition.table) // groups) if groups > 1 else None
        writer.write_table(partition.table, row_group_size=each)
        metadata: dict[bytes, bytes] = {
            b"ARROW:schema": base64.b64encode(schema.serialize().to_pybytes()),
            **_described(partition),
            **(described or {}),
            FINGERPRINT: partition.fingerprint.encode(),
            PARTITION: (place or partition.key.path).encode(),
            **({GROUPS: BLANK.encode() * (1 + groups)} if groups > 1 else {}),
            SELF_HASH: BLANK.encode(),
        }
        writer.add_key_value_metadata(metadata)
    body = _with_group_hashes(bytes(memoryview(sink.getvalue())))
    return filled_in(body, _place_of_hash(body))


def _groups_of(partition: Partition) -> int:
    """
    Return the number of row groups of a table: Gold has several, because readers may need a part.
    """
    if partition.model is None:
        return 1
    rows: int = len(partition.table)
    return min(max(1, rows // _ROWS_IN_GROUP), _MOST_GROUPS)


def _with_group_hashes(body: bytes) -> bytes:
    """Put the hash of each row group into the footer, and then the hash of the footer itself."""
    place = _place_of(_GROUP_HASHES, body)
    if place is None:
        return body
    ranges = group_ranges(metadata_of(body))
    hashes = "".join(hashlib.sha256(body[start:end]).hexdigest() for start, end in ranges)
    footer = ranges[-1][1]
    filled = body[footer : place.start] + f"{BLANK}{hashes}".encode() + body[place.stop :]
    own = hashlib.sha256(filled).hexdigest().encode()
    return body[: place.start] + own + hashes.encode() + body[place.stop :]


def group_ranges(about: Any) -> list[tuple[int, int]]:
    """
    Return the byte range of each row group of a file, from its metadata.
    """
    starts, end = [], 0
    for number in range(about.num_row_groups):
        group = about.row_group(number)
        first, last = group.column(0), group.column(group.num_columns - 1)
        starts.append(_start(first))
        end = _start(last) + last.total_compressed_size
    return list(pairwise([*starts, end]))


def _start(column: Any) -> int:
    offsets = (column.dictionary_page_offset, column.data_page_offset)
    return int(min(offset for offset in offsets if offset is not None))


def group_hashes(footer: bytes) -> list[str]:
    """
    Read the hash of each row group from a complete footer. Return an empty list if it has none, or
    if its bytes have changed.
    """
    groups, own = _place_of(_GROUP_HASHES, footer), _place_of_hash(footer)
    if groups is None or own is None:
        return []
    blank = bytearray(footer)
    blank[own] = blank[groups.start : groups.start + len(BLANK)] = BLANK.encode()
    found = re.findall("[0-9a-f]{64}", footer[groups].decode())
    return found[1:] if hashlib.sha256(blank).hexdigest() == found[0] else []


def part_fault(body: bytes, path: str) -> str:
    """
    Say why these bytes are not the partition that belongs at *path*; nothing if they are.

    Files of older versions contain neither their path nor a hash. For these, only readability and
    the checksums of the pages are tested.
    """
    if not body.endswith(b"PAR1"):
        return "it is cut off or not a Parquet file" if body else "it is empty"
    place = _place_of_hash(body)
    if place is not None and not is_right(body, place):
        return "its bytes have changed"
    try:
        metadata = _entries_of(body)
        if place is None:
            from_parquet(body)
    except Exception as error:  # noqa: BLE001 - pyarrow meets damage with errors of many types
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    if place is None:
        return "" if _OLDER.issuperset(metadata) else "its bytes have changed"
    belongs = metadata.get(PARTITION, b"").decode(errors="replace")
    return "" if belongs == path else f"it belongs at {belongs}"


def carries_hash(body: bytes) -> bool:
    """
    Return whether a file contains a hash of itself. Those of older versions do not.
    """
    return _place_of_hash(body) is not None


def from_parquet(body: bytes) -> pa.Table:
    """
    Decode a partition, without what :func:`to_parquet` added to the schema. Texts of Gold are
    dictionary-encoded.
    """
    return decoded(in_arrows_memory(body))


def decoded(content: pa.Buffer, groups: Sequence[int] | None = None) -> pa.Table:
    """
    Decode a file as :func:`from_parquet` does, or only some of its row groups; the bytes of the
    others may be missing.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(pa.BufferReader(content)) as file:
        about = file.metadata
        gold = b"grain" in (about.metadata or {})
        texts = [f.name for f in file.schema_arrow if gold and pa.types.is_string(f.type)]
    with pq.ParquetFile(
        pa.BufferReader(content),
        metadata=about,
        page_checksum_verification=True,
        read_dictionary=texts,
    ) as file:
        rows = file.read() if groups is None else file.read_row_groups(list(groups))
        return rows.replace_schema_metadata(None)


def in_arrows_memory(body: bytes) -> pa.Buffer:
    """
    Copy a file's bytes into memory that Python does not own.

    Arrow's threads release a file slightly after its table is ready. If Python owns the bytes and
    is exiting at that moment, the thread is ended inside C++ and the process aborts ("terminate
    called without an active exception"; seen in 7 of 1,500 processes that read 1.3 MB and ended).
    """
    import pyarrow as pa

    buffer = pa.allocate_buffer(len(body))
    memoryview(buffer).cast("B")[:] = body
    return buffer


def fingerprint_in(tail: bytes) -> str | None:
    """
    Read the fingerprint from a Parquet file's last bytes, without loading pyarrow.

    The daily run that finds nothing new needs no more than this.
    """
    found = _FINGERPRINT.search(tail)
    return found[1].decode() if found and tail.endswith(b"PAR1") else None


def rows_in(tail: bytes) -> int:
    """
    Read the number of rows from a file's last bytes.
    """
    return int(metadata_of(tail).num_rows)


def grain_of(body: bytes) -> list[str]:
    """
    Return the columns by which a Gold table is sorted.
    """
    return _entries_of(body)[b"grain"].decode().split(",")


def _place_of_hash(body: bytes) -> slice | None:
    return _place_of(_SELF_HASH, body)


def _place_of(pattern: re.Pattern[bytes], body: bytes) -> slice | None:
    found = pattern.search(body, max(0, len(body) - FOOTER))
    return slice(*found.span(1)) if found else None


def metadata_of(body: bytes) -> pq.FileMetaData:
    """
    Read a file's metadata from its bytes, or from its footer alone.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.read_metadata(pa.BufferReader(in_arrows_memory(body)))


def _entries_of(body: bytes) -> dict[bytes, bytes]:
    return metadata_of(body).metadata or {}


def _described(partition: Partition) -> dict[bytes, bytes]:
    model = partition.model
    if model is None:
        return {}
    return {b"title": model.title.encode(), b"grain": ",".join(model.grain).encode()}


def _plain(schema: pa.Schema) -> pa.Schema:
    """
    Declare dictionary-encoded texts of Gold as plain texts, because analysts' tools would turn them
    into factors and categories. The file's data is the same.
    """
    import pyarrow as pa

    return pa.schema(
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    )
