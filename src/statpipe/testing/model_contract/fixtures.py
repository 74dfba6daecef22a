"""The fixtures for the author of models: the models, and the histories that they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from statpipe.api import Model
from statpipe.testing.model_contract.made_up import made_up_history
from statpipe.testing.patience import InTime
from statpipe.testing.wording import missing

if TYPE_CHECKING:
    import pyarrow as pa


Expected = Mapping[str, Sequence[Mapping[str, Any]]]
"""Model -> some of its rows, each with its grain and values computed by hand: figures as text."""


class ModelFixtures(InTime):
    """
    The fixtures of model tests; :class:`ModelContract` says which ones to override.
    """

    may_be_empty: ClassVar[frozenset[str]] = frozenset()
    with_extra_columns: ClassVar[frozenset[str]] = frozenset()
    not_in_proportion: ClassVar[frozenset[str]] = frozenset()
    depends_on: ClassVar[frozenset[str]] = frozenset()

    @pytest.fixture
    def models(self) -> Sequence[Model]:
        """Override: the models of the plugin, all that read one another."""
        missing(self, "models", "a list of the plugin's models: list(statpipe_models())")

    @pytest.fixture
    def histories(self, models: Sequence[Model]) -> Mapping[str, pa.Table]:
        """Override, if you like: the history that the SQL reads from each source."""
        names = {model.name for model in models}
        sources = {name for model in models for name in model.inputs if name not in names}
        return {source: made_up_history() for source in sorted(sources)}

    @pytest.fixture
    def expected(self) -> Expected | None:
        """Override, if you like: rows of models that you have computed by hand."""
        return None
