"""The unit of work: one dataset's vintage, from payloads to a sealed table.

A task is a picklable value and :func:`normalize` a pure function of it, so that any standard
``concurrent.futures.Executor`` can run it: threads, processes, or a cluster's. Fetching before it
and committing after it stay with the coordinator.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs
from attrs import field, frozen

from statpipe.api import Dataset, Normalizer, Payload
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
    A sealed table with its hashes, and what else the payloads say: the dataset as they describe it, codes
    that its lists did not have, and areas that are parts of others than in the code list.
    """

    table: pa.Table = field(repr=False)
    figures: str
    fingerprint: str
    dataset: Dataset | None = field(default=None, repr=False)
    new_codes: tuple[NewCode, ...] = ()
    other_parents: tuple[OtherParent, ...] = ()


def normalize(task: Task) -> Silver:
    """
    Turn payloads into a sealed table, described by their structure.

    :raises ContentError: A payload is malformed.
    """
    with wrong_text_refused(task.dataset, task.payloads):
        dataset = task.normalizer.describe(task.dataset, task.payloads)
        table = task.normalizer.normalize(dataset, task.payloads)
        others = other_parents(table, dataset)
        dataset, new_codes = with_new_codes(table, dataset)
        sealed = seal(table, dataset, task.vintage)
    return attrs.evolve(
        silver_of(sealed, task.code), dataset=dataset, new_codes=new_codes, other_parents=others
    )


def silver_of(table: pa.Table, code: str) -> Silver:
    """
    Hash a sealed table.
    """
    return Silver(table=table, figures=figures_hash(table), fingerprint=fingerprint_of(table, code))


def fingerprint_of(table: pa.Table, code: str) -> str:
    """
    Hash what a sealed table holds and the code that made it.
    """
    return hashlib.sha256(f"{code}\n{content_hash(table)}".encode()).hexdigest()
