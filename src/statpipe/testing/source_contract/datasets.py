"""Which datasets a source offers."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any

from statpipe.api import Dataset, Source
from statpipe.testing.source_contract.asking import raised
from statpipe.testing.source_contract.fixtures import Agency, SourceFixtures
from statpipe.testing.watch import watched
from statpipe.testing.wording import broken, told


class Datasets(SourceFixtures):
    """
    Which datasets a source offers.
    """

    def test_datasets_are_listed_without_a_request(
        self, make_source: Callable[[], Source], agency: Agency | None
    ) -> None:
        """The same in two calls, each once, and offline."""
        asked = len(agency.requests) if agency is not None else 0
        source = make_source()
        datasets: list[Dataset] = []
        with watched(source) as watch:
            error = raised(lambda: datasets.extend(source.datasets()))
        if watch.first("network") or (agency is not None and len(agency.requests) > asked):
            broken("datasets() uses the network", "take them from the settings and from data files")
        if error is not None:
            broken(f"datasets() raises {told(error)}", "return what is configured")
        if not datasets:
            broken("datasets() is empty", "return at least one Dataset")
        names = [dataset.name for dataset in datasets]
        if len(set(names)) < len(names):
            broken(f"datasets() names {sorted(names)}", "give each dataset a name of its own")
        if list(make_source().datasets()) != datasets:
            broken("another source with the same settings has other datasets", "keep their order")
        for dataset in datasets:
            _code_lists(dataset)
            try:
                pickle.dumps(dataset)
            except Exception as problem:  # noqa: BLE001 - whatever pickle raises
                broken(
                    f"dataset {dataset.name} cannot be pickled: {told(problem)}", "use plain values"
                )
        source.close()

    def test_the_smallest_is_a_part_of_the_dataset(self, source: Source) -> None:
        """So that a smoke run requests little."""
        for dataset in source.datasets():
            small = source.smallest(dataset)
            if small.name != dataset.name or not dataset.selection.covers(small.selection):
                broken(
                    f"smallest({dataset.name}) is {small.name} with {small.selection}",
                    "return the same dataset with a narrower selection (attrs.evolve)",
                )


def _code_lists(dataset: Dataset) -> None:
    __tracebackhide__ = True
    lists: tuple[tuple[str, Iterable[Any]], ...] = (
        ("area", dataset.areas),
        ("category", dataset.categories),
    )
    for what, entries in lists:
        codes = [entry.code for entry in entries]
        for code in codes:
            if codes.count(code) > 1:
                broken(f"{dataset.name} lists the {what} {code} twice", "list each code once")
        for entry in entries:
            if entry.parent is not None and entry.parent not in codes:
                broken(
                    f"{dataset.name}: the {what} {entry.code} is part of {entry.parent}, which is "
                    "not in the list",
                    "list the parent as well, or leave `parent` out",
                )
