"""The unit of work: one vintage of a dataset, from Bronze to a sealed table.

A task is a picklable value that names payloads and holds none, and :func:`normalize` a pure function of
it and of these payloads. So any standard ``concurrent.futures.Executor`` can run it: threads, processes, or a
cluster's. Fetching before it and committing after it stay with the coordinator.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs
from attrs import field, frozen

from statpipe.api import BronzeObject, Dataset, Layer, Normalizer, PartitionKey, Payload
from statpipe.domain.canonical import content_hash, figures_hash
from statpipe.domain.new_codes import NewCode, with_new_codes
from statpipe.domain.other_parents import OtherParent, other_parents
from statpipe.domain.seal import seal
from statpipe.domain.wrong_text import wrong_text_refused

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class Task:
    """
    Bronze inputs and their reader. ``vintage`` is the name for the sealed table.
    """

    source: str
    dataset: Dataset
    vintage: str
    normalizer: Normalizer
    code: str
    bronze: tuple[BronzeObject, ...] = field(repr=False)

    @property
    def key(self) -> PartitionKey:
        """
        The place that the table has in Silver if the vintage keeps its name.
        """
        return PartitionKey(
            layer=Layer.SILVER, owner=self.source, dataset=self.dataset.name, vintage=self.vintage
        )


@frozen(kw_only=True)
class Silver:
    """
    A sealed table with its hashes, and what else the payloads say: the dataset as they describe it, codes
    that its lists did not have, and areas that are parts of others than in the code list.

    The table may be a function that reads it: then it is in the lake, ``staged`` by another
    process.
    """

    _table: pa.Table | Callable[[], pa.Table] = field(repr=False)
    vintage: str
    rows: int
    figures: str
    fingerprint: str
    dataset: Dataset | None = field(default=None, repr=False)
    new_codes: tuple[NewCode, ...] = ()
    other_parents: tuple[OtherParent, ...] = ()
    staged: bool = False

    @property
    def table(self) -> pa.Table:
        """
        All rows.
        """
        return self._table() if callable(self._table) else self._table


def normalize(task: Task, payloads: Sequence[Payload]) -> Silver:
    """
    Turn a task's payloads into a sealed table, described by their structure.

    :raises ContentError: A payload is malformed.
    """
    with wrong_text_refused(task.dataset, payloads):
        dataset = task.normalizer.describe(task.dataset, payloads)
        table = task.normalizer.normalize(dataset, payloads)
        others = other_parents(table, dataset)
        dataset, new_codes = with_new_codes(table, dataset)
        sealed = seal(table, dataset, task.vintage)
    silver = silver_of(sealed, task.vintage, task.code)
    return attrs.evolve(silver, dataset=dataset, new_codes=new_codes, other_parents=others)


def silver_of(table: pa.Table, vintage: str, code: str) -> Silver:
    """
    Hash a table that was sealed as a vintage of this name.
    """
    return Silver(
        table=table,
        vintage=vintage,
        rows=len(table),
        figures=figures_hash(table),
        fingerprint=fingerprint_of(table, code),
    )


def fingerprint_of(table: pa.Table, code: str) -> str:
    """
    Hash what a sealed table holds and the code that made it.
    """
    return hashlib.sha256(f"{code}\n{content_hash(table)}".encode()).hexdigest()
