"""The role that judges a vintage before anyone can see it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from statpipe.domain.dataset import Dataset
from statpipe.domain.verdict import CheckResult, Snapshot


class Check(ABC):
    """
    A rule that a vintage keeps or breaks. Pure, and independent of the order of rows.
    """

    def applies_to(self, dataset: Dataset) -> bool:  # noqa: ARG002
        """
        Tell whether this check has anything to say about the dataset.
        """
        return True

    @abstractmethod
    def check(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Judge *current*; *previous* is the vintage released before it, where the lake holds one.
        """
