"""The contents of sinks: partitions under keys, each with the fingerprint of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe.domain.model import Model


class Layer(StrEnum):
    """
    Bronze is what arrived, Silver the typed observations, Gold the analysts' tables.

    Changes are what each vintage in Silver adds to those before it. The lake keeps them, so that
    Gold need not read all of Silver.
    """

    BRONZE = "bronze"
    SILVER = "silver"
    CHANGES = "changes"
    GOLD = "gold"


@frozen(kw_only=True)
class PartitionKey:
    """
    The place of one table: a dataset's vintage in Silver, the changes of a year, or a model in Gold.

    ``owner`` is the source (Silver, changes) or the model (Gold). Changes without a year summarize
    all years before the last one.
    """

    layer: Layer
    owner: str
    dataset: str | None = None
    vintage: str | None = None
    year: int | None = None

    @property
    def path(self) -> str:
        """
        The folder of the partition, below the root of an environment.
        """
        parts = [str(self.layer), self.owner]
        if self.dataset is not None:
            parts.append(f"dataset={self.dataset}")
        if self.vintage is not None:
            parts.append(f"vintage={self.vintage}")
        if self.year is not None:
            parts.append(f"year={self.year}")
        return "/".join(parts)


@frozen(kw_only=True)
class Part:
    """
    Rows of a Gold table that are stored separately: those that became final in a year, and only
    change if a vintage arrives late. The part without a year has all other rows.

    ``held`` says that the lake already holds the part; then ``read`` reads it from there.
    """

    year: int | None
    fingerprint: str
    rows: int
    read: Callable[[], pa.Table] = field(repr=False)
    held: bool = False

    @property
    def identity(self) -> tuple[int | None, str]:
        """
        A value that is equal for parts with the same rows.
        """
        return self.year, self.fingerprint


@frozen(kw_only=True)
class Partition:
    """
    A table for a sink.

    ``fingerprint`` covers the inputs' figures, the version of the code and the schema: if a sink
    holds the same fingerprint under the same key, it holds the same table. Gold partitions have
    their model, and ``previous``: the table that the lake held before. A sink that holds exactly
    that table only needs the difference.

    A Gold table may have ``parts``. Then ``table`` is assembled when it is first used.
    """

    key: PartitionKey
    _table: pa.Table | Callable[[], pa.Table] = field(repr=False)
    fingerprint: str
    model: Model | None = None
    previous: Partition | None = field(default=None, repr=False)
    parts: tuple[Part, ...] = field(default=(), repr=False)

    @property
    def table(self) -> pa.Table:
        """
        All rows.
        """
        return self._table() if callable(self._table) else self._table

    @property
    def rows(self) -> int:
        """
        How many rows there are.
        """
        return sum(part.rows for part in self.parts) if self.parts else len(self.table)


def what_differs(old: Partition, new: Partition) -> tuple[pa.Table, pa.Table]:
    """
    Return the rows of two tables without the parts that both have.
    """
    import pyarrow as pa

    if not (old.parts and new.parts):
        return old.table, new.table
    shared = {part.identity for part in old.parts} & {part.identity for part in new.parts}
    first, second = (
        pa.concat_tables([part.read() for part in one.parts if part.identity not in shared])
        for one in (old, new)
    )
    return first, second


@frozen(kw_only=True)
class Receipt:
    """
    The result of writing a partition: counts of rows, and ``bytes_written`` in bytes.

    ``wal_bytes`` is the growth of a database's write-ahead log during the write, including other
    sessions.
    """

    sink: str
    path: str
    fingerprint: str
    rows: int
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    bytes_written: int = 0
    wal_bytes: int = 0

    @property
    def changed(self) -> bool:
        """
        Whether anything was written.
        """
        return bool(self.inserted or self.updated or self.deleted or self.bytes_written)
