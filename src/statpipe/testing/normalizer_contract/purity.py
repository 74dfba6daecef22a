"""The table depends on the payloads and the dataset alone."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import UTC, datetime

import attrs

from statpipe.api import Dataset, Normalizer, Payload
from statpipe.domain.canonical import content_hash
from statpipe.testing.cells import cells_of, differences
from statpipe.testing.normalizer_contract.fixtures import NormalizerFixtures
from statpipe.testing.normalizer_contract.reading import silver_of, table_of
from statpipe.testing.other_process import normalized_elsewhere
from statpipe.testing.thorough import thorough
from statpipe.testing.watch import watched
from statpipe.testing.wording import broken, told


class Purity(NormalizerFixtures):
    """
    The table depends on the payloads and the dataset alone.
    """

    def test_the_same_payloads_give_the_same_table(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """In a second call, with a copy of the object, and in another order."""
        first = silver_of(normalizer, dataset, payloads)
        later = [attrs.evolve(one, retrieved=datetime(2031, 5, 6, tzinfo=UTC)) for one in payloads]
        for what, order in (
            ("a second time", list(payloads)),
            ("when they were received on another day", later),
            ("in another order", list(reversed(payloads))),
            ("a third time", list(payloads)),
        ):
            again = silver_of(normalizer, dataset, order)
            if content_hash(again) != content_hash(first):
                detail = differences(cells_of(first), cells_of(again))
                broken(
                    f"the same payloads, read {what}, give another table: "
                    f"{detail or 'other names or notes'}",
                    "keep nothing from call to call, use no clock, no chance and no "
                    "`payload.retrieved`, and do not let the order of payloads or of a set decide",
                )

    def test_only_the_payloads_are_read(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """No clock, no chance, no environment, no file, no network."""
        table_of(normalizer, dataset, payloads)  # load modules that are loaded once
        with watched(normalizer) as watch:
            table_of(normalizer, dataset, payloads)
        if watch.looks:
            look = watch.looks[0]
            where = f" at {look.where}" if look.where else ""
            broken(
                f"the normalizer looks at the {look.kind}: {look.what}{where}",
                "make the table from the payloads and the dataset alone; what else is needed belongs "
                "into the settings, the dataset or the payload (`payload.request`)",
            )

    @thorough
    def test_another_process_makes_the_same_table(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """With other string hashes, another time zone and another day."""
        here = content_hash(silver_of(normalizer, dataset, payloads))
        try:
            answers = normalized_elsewhere(normalizer, dataset, payloads)
        except Exception as error:  # noqa: BLE001 - whatever pickle raises
            broken(
                f"the normalizer cannot be sent to another process: {told(error)}",
                "define its class at the top of a module and keep open files, locks, connections and "
                "lambdas out of its attributes",
            )
        for there in answers:
            if there.problem:
                broken(
                    f"in another process, normalizing fails: {there.problem}",
                    "make the normalizer picklable and its module importable, and use no global state",
                )
            if there.hashed != here:
                broken(
                    "another process, with another PYTHONHASHSEED, time zone and day, makes another table "
                    "of the same payloads",
                    "sort what comes out of a set or a dict of hashes, use no hash(), no clock, no chance, "
                    "and no local time",
                )

    def test_payloads_and_dataset_are_not_changed(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """The arguments are not changed."""
        given_payloads = list(payloads)
        before = copy.deepcopy((dataset, given_payloads))
        table_of(normalizer, dataset, given_payloads)
        if (dataset, given_payloads) != before:
            broken(
                "the normalizer changes the payloads or the dataset that it was given",
                "work on a copy: the engine keeps these payloads and shows them to others",
            )

    def test_the_normalizer_has_a_version(self, normalizer: Normalizer) -> None:
        """So that a change of code rebuilds the tables that depend on it."""
        if not isinstance(normalizer.version, str) or not normalizer.version:
            broken(
                f"version is {normalizer.version!r}",
                'set `version = "1"`, and raise it when the same payloads give another table',
            )
