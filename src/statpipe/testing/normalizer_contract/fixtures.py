"""The fixtures for the author of a normalizer: an example, and exceptions from the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import pytest

from statpipe.api import Dataset, Normalizer, Payload, normalizer_at
from statpipe.domain.observation import CELL
from statpipe.domain.printed import read_double
from statpipe.testing import damage
from statpipe.testing.cells import Key, figure, named
from statpipe.testing.patience import InTime
from statpipe.testing.wording import broken, missing, not_tested

Figures = Mapping[Key, str | None]
"""Area, category and period -> figure as printed by the agency, or ``None`` if it shows none."""

_TELLING = 2
"""The fewest figures of an example that must be distinct."""


class NormalizerFixtures(InTime):
    """
    The fixtures of normalizer tests; :class:`NormalizerContract` says which ones to override.
    """

    complete: ClassVar[bool] = True
    optional_fields: ClassVar[frozenset[str]] = frozenset()
    rows_may_repeat: ClassVar[bool] = False
    markers: ClassVar[frozenset[str]] = frozenset()
    notations: ClassVar[Mapping[str, str | None]] = {}
    decimal_mark: ClassVar[str] = "."
    encoding: ClassVar[str] = "utf-8"
    names_its_table: ClassVar[bool] = True
    names_its_units: ClassVar[bool] = True
    reads_all_payloads: ClassVar[bool] = True
    leaves_out_unknown: ClassVar[bool] = False
    figures_are_text: ClassVar[bool] = True
    examples: ClassVar[int] = 100

    @pytest.fixture
    def normalizer(self, dataset: Dataset) -> Normalizer:
        """
        Override: the normalizer. One that the dataset names by its path is found automatically.
        """
        if ":" not in dataset.normalizer:
            missing(self, "normalizer", "the normalizer under test")
        return normalizer_at(dataset.normalizer)

    @pytest.fixture
    def dataset(self) -> Dataset:
        """Override: the dataset whose payloads are read, as the source declares it."""
        missing(self, "dataset", "the Dataset that the source declares for these payloads")

    @pytest.fixture
    def payloads(self) -> Sequence[Payload]:
        """Override: a small good answer of the agency."""
        missing(self, "payloads", "a list of Payload: a small answer of the agency, as it came")

    @pytest.fixture
    def figures(self) -> Figures:
        """Override: every figure of the payloads, read by eye."""
        missing(self, "figures", "every figure of the payloads by its key, as the agency prints it")

    @pytest.fixture
    def marks(self) -> Mapping[Key, tuple[str, str | None]] | None:
        """Override, if you like: obs_status and source_symbol of figures that are not normal."""
        return None

    @pytest.fixture
    def notes(self) -> Mapping[Key, str] | None:
        """Override, if you like: the notes of figures that have one."""
        return None

    def _expected(self, figures: Figures, dataset: Dataset) -> dict[Key, Decimal | None]:
        __tracebackhide__ = True
        expected: dict[Key, Decimal | None] = {}
        for key, text in figures.items():
            if len(key) != len(CELL):
                broken(
                    f"the fixture `figures` has the key {key!r}",
                    f"write ({', '.join(CELL)})",
                )
            try:
                expected[tuple(key)] = figure(text, self.decimal_mark)
            except ValueError as error:
                broken(f"the fixture `figures`, {named(key)}: {error}", "correct the fixture")
        if not any(value is not None for value in expected.values()):
            broken("the fixture `figures` names no figure", "name the figures of the payloads")
        return expected

    def _read(self, text: str, dataset: Dataset) -> Decimal | None:
        """
        Read a printed figure. A binary double becomes the shortest decimal that reads as the same
        double.
        """
        value = figure(text, self.decimal_mark)
        return value if value is None or not dataset.doubles else read_double(f"{value}")[0]

    def _bendable(
        self, payloads: Sequence[Payload], figures: Figures, dataset: Dataset
    ) -> list[damage.Found]:
        __tracebackhide__ = True
        self._expected(figures, dataset)
        if not self.figures_are_text:
            not_tested(
                "figures_are_text is False, so figures cannot be found and bent in the payloads",
                "an example as text, if the agency offers one; or tests of your own with other figures",
            )
        texts = {tuple(k): None if v is None else str(v) for k, v in figures.items()}
        found = damage.found_figures(payloads, texts, self.decimal_mark)
        if not found:
            broken(
                "no figure of the fixture `figures` occurs exactly once in the payloads",
                "write figures as the agency prints them, and take an example in which they differ; "
                "for payloads that are no text set `figures_are_text = False`",
            )
        there = sum(text is not None for text in texts.values())
        if len(found) < _TELLING <= there - 1:
            broken(
                f"of the {there} figures of the fixture `figures`, {found[0].literal} alone stands in the "
                "payloads just once, so few figures can be changed",
                "take an example in which figures differ, and write them as the agency prints them",
            )
        return found
