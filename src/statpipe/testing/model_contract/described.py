"""Each model is described, and its SQL gives the declared columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from statpipe.api import Model
from statpipe.testing.model_contract.declaration import has_its_columns, problems_with_declaration
from statpipe.testing.model_contract.fixtures import ModelFixtures
from statpipe.testing.model_contract.running import run
from statpipe.testing.wording import agree, broken

if TYPE_CHECKING:
    import pyarrow as pa


class Described(ModelFixtures):
    """
    Each model is described, and its SQL gives the declared columns.
    """

    def test_each_model_is_described(self, models: Sequence[Model]) -> None:
        """Title, columns, units, grain."""
        if not models:
            broken("there are no models", "return the plugin's models from the fixture `models`")
        names = [model.name for model in models]
        agree(len(set(names)), len(names), "the number of names", "give each model its own name")
        for model in models:
            problems_with_declaration(model)

    def test_empty_inputs_give_no_rows_and_the_declared_columns(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """On the first day, there are no input rows."""
        empty = {name: table.slice(0, 0) for name, table in histories.items()}
        for model, columns, rows in run(models, empty):
            if rows:
                broken(
                    f"model {model.name} gives {len(rows)} rows without input",
                    "let every row come from a row of the inputs (no aggregate without GROUP BY)",
                )
            has_its_columns(model, columns, more_allowed=model.name in self.with_extra_columns)
