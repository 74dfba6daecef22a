"""The unit of work: one dataset's vintage, from payloads to a sealed table.

A task is a picklable value and :func:`normalize` a pure function of it, so that any standard
``concurrent.futures.Executor`` can run it: threads, processes, or a cluster's. Fetching before it
and committing after it stay with the coordinator.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import Dataset, Normalizer, Payload
from statpipe.domain.canonical import content_hash, figures_hash
from statpipe.domain.seal import seal

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class Task:
    """
    Bronze inputs, and what reads them. ``vintage`` is the name to seal the table with.
    """

    dataset: Dataset
    vintage: str
    normalizer: Normalizer
    code: str
    payloads: tuple[Payload, ...] = field(repr=False)


@frozen(kw_only=True)
class Silver:
    """
    A sealed table with its hashes.
    """

    table: pa.Table = field(repr=False)
    figures: str
    fingerprint: str


def normalize(task: Task) -> Silver:
    """
    Turn payloads into a sealed table.

    :raises ContentError: A payload is malformed.
    """
    table = task.normalizer.normalize(task.dataset, task.payloads)
    return silver_of(seal(table, task.dataset, task.vintage), task.code)


def silver_of(table: pa.Table, code: str) -> Silver:
    """
    Hash a sealed table. The fingerprint is over what it holds and the code that made it.
    """
    made_by = hashlib.sha256(f"{code}\n{content_hash(table)}".encode())
    return Silver(table=table, figures=figures_hash(table), fingerprint=made_by.hexdigest())
