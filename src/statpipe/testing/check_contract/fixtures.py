"""The fixtures for the author of a check: the check, a snapshot that passes, and one that fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pytest

from statpipe.api import Check, Snapshot
from statpipe.testing.cells import Key
from statpipe.testing.patience import InTime
from statpipe.testing.wording import missing

_ORDERS = 6


class CheckFixtures(InTime):
    """
    The fixtures of check tests; :class:`CheckContract` says which ones to override.
    """

    orders: ClassVar[int] = _ORDERS
    """The number of row orders in which each snapshot is judged."""
    depends_on: ClassVar[frozenset[str]] = frozenset()
    """What the verdict depends on beside the figures: areas, categories, years, statuses, magnitude."""

    @pytest.fixture
    def check(self) -> Check:
        """Override: the check."""
        missing(self, "check", "the check under test")

    @pytest.fixture
    def good(self) -> Snapshot:
        """Override: a snapshot that passes."""
        missing(self, "good", "a Snapshot that passes (statpipe.testing.snapshot makes one)")

    @pytest.fixture
    def bad(self) -> Snapshot:
        """Override: a snapshot that fails."""
        missing(self, "bad", "a Snapshot that does not pass (statpipe.testing.snapshot makes one)")

    @pytest.fixture
    def previous(self) -> Snapshot | None:
        """Override, if you like: the vintage before."""
        return None

    @pytest.fixture
    def failing(self) -> Sequence[Key] | None:
        """Override, if you like: the keys of the cells of ``bad`` that fail."""
        return None

    @pytest.fixture
    def lenient(self) -> Check | None:
        """Override, if you like: the same check, set to warn."""
        return None
