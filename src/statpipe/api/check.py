"""The role that checks a vintage before anyone can see it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from statpipe.domain.dataset import Dataset
from statpipe.domain.verdict import CheckResult, Snapshot


class Check(ABC):
    """
    A rule that a vintage meets or breaks. It is pure, and independent of the order of rows.
    """

    def applies_to(self, dataset: Dataset) -> bool:  # noqa: ARG002
        """
        Return whether this check applies to the dataset.
        """
        return True

    @abstractmethod
    def check(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Check *current*; *previous* is the vintage released before it, if the lake holds one.
        """
