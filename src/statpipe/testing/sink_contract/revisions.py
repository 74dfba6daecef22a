"""A revision replaces what was there."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import Sink
from statpipe.testing.partitions import REVISED, SMALL, Figures, in_parts, tables
from statpipe.testing.sink_contract.fixtures import SinkFixtures
from statpipe.testing.sink_contract.writing import write
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import agree

_THIRD: Figures = {
    ("CA", 2022): Decimal(7),
    ("CA", 2023): Decimal("0.1"),
    ("NY", 2023): None,
    ("US", 2022): Decimal(0),
}


class Revisions(SinkFixtures):
    """
    A revision replaces what was there.
    """

    def test_a_revision_replaces_the_earlier_rows(self, sink: Sink) -> None:
        """Rows that are gone are gone."""
        before, after = self.partition_of(SMALL), self.partition_of(REVISED)
        write(sink, before)
        receipt = write(sink, after)
        agree(
            (receipt.changed, receipt.rows, receipt.fingerprint),
            (True, len(REVISED), after.fingerprint),
            "(changed, rows, fingerprint) of the receipt of a revision",
            "write where the fingerprint is another, and say what is held now",
        )
        self._holds(sink, after, REVISED, "after a revision")
        if receipt.deleted or receipt.updated:
            agree(
                receipt.inserted - receipt.deleted,
                len(REVISED) - len(SMALL),
                "inserted - deleted of the receipt of a revision",
                "count rows that are new, rows that have other figures, and rows that are gone; a table that is "
                "written anew inserts all its rows and deletes those that were there",
            )

    @pytest.mark.parametrize("stale", [False, True], ids=["as it is held", "of another time"])
    def test_a_partition_may_contain_its_previous_table(
        self, sink: Sink, another: Sink, stale: bool
    ) -> None:
        """``Partition.previous`` saves work where the sink holds just that, and misleads nobody."""
        first, second = self.partition_of(SMALL), self.partition_of(REVISED)
        write(sink, first)
        if stale:
            write(sink, second)
        third = self.partition_of(_THIRD)
        write(sink, evolve(third, previous=first))
        self._holds(sink, third, _THIRD, "after a revision that brought what was there before")
        write(another, evolve(second, previous=third))
        self._holds(another, second, REVISED, "after one revision more of the kind")

    @pytest.mark.parametrize("stale", [False, True], ids=["as it is held", "of another time"])
    def test_a_table_may_come_in_parts(self, sink: Sink, stale: bool) -> None:
        """Parts that are held already may stay; those that come and go are as any rows."""
        first = in_parts(self.partition_of(SMALL))
        write(sink, first)
        self._holds(sink, first, SMALL, "after a table in parts")
        if stale:
            write(sink, self.partition_of(REVISED))
        grown = {**SMALL, ("US", 2023): Decimal(7), ("CA", 2021): None}
        second = in_parts(self.partition_of(grown), None if stale else first)
        write(sink, evolve(second, previous=first))
        self._holds(sink, second, grown, "after a revision of a table in parts")

    def test_equal_figures_are_held_under_a_new_fingerprint(self, sink: Sink) -> None:
        """Or they would be made again at every run."""
        write(sink, self.partition_of(SMALL))
        remade = self.partition_of(SMALL, fingerprint="5e" * 32)
        write(sink, remade)
        self._holds(sink, remade, SMALL, "after equal figures came under a new fingerprint")

    @thorough
    def test_after_any_revisions_only_the_last_is_held(self, sink: Sink) -> None:
        """Whatever they are, exact to the last digit."""
        owners = itertools.count(1)

        @settings(
            max_examples=self.examples, deadline=None, report_multiple_bugs=False, database=None
        )
        @given(revisions=st.lists(tables(), min_size=1, max_size=4))
        def revise(revisions: Sequence[Figures]) -> None:
            owner, before = f"revised_{next(owners)}", None
            for figures in revisions:
                partition = self.partition_of(figures, owner=owner)
                receipt = write(sink, partition)
                self._holds(sink, partition, figures, "after revisions")
                agree(receipt.rows, len(figures), "rows of the receipt", "count what is held now")
                if before is not None:
                    agree(
                        receipt.changed,
                        figures != before,
                        "`changed` of the receipt of a revision",
                        "say whether anything was written",
                    )
                before = figures

        revise()
