"""The events that lifecycle hooks receive: frozen values, named in the past tense."""

from __future__ import annotations

from attrs import frozen

from statpipe.domain.manifest import Manifest
from statpipe.domain.partition import Receipt
from statpipe.domain.verdict import CheckResult
from statpipe.domain.vintage import Vintage


@frozen(kw_only=True)
class RunStarted:
    """
    A run of one source began. ``notice`` is a warning for readers of the figures.
    """

    run_id: str
    source: str
    environment: str
    notice: str = ""


@frozen(kw_only=True)
class VintageFound:
    """
    A vintage was found. ``action`` is what the run will do about it and ``reason`` says why;
    ``expected`` is the number of payloads to come, if known.
    """

    run_id: str
    source: str
    dataset: str
    vintage: Vintage
    action: str
    reason: str
    expected: int | None = None


@frozen(kw_only=True)
class PayloadReceived:
    """
    A payload arrived and is in Bronze. ``number`` counts from 1 within the vintage.
    """

    run_id: str
    source: str
    dataset: str
    name: str
    size: int
    number: int
    expected: int | None = None


@frozen(kw_only=True)
class CheckFinished:
    """
    A check finished on a vintage.
    """

    run_id: str
    source: str
    result: CheckResult


@frozen(kw_only=True)
class PartitionWritten:
    """
    A sink wrote a partition.
    """

    run_id: str
    source: str
    receipt: Receipt


@frozen(kw_only=True)
class RunFinished:
    """
    A run ended, successfully or not; sent exactly once for each started run.
    """

    manifest: Manifest
