"""The SQL depends on figures alone: no order of rows, no clock, no chance."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from statpipe.api import Model
from statpipe.domain.model import AS_OF
from statpipe.testing.model_contract.fixtures import ModelFixtures
from statpipe.testing.model_contract.rows import in_order, refuse_other
from statpipe.testing.model_contract.running import run
from statpipe.testing.model_contract.words import without_texts
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import broken

if TYPE_CHECKING:
    import pyarrow as pa

_CLOCKS = (
    r"\b(current_date|current_timestamp|current_time|localtimestamp|localtime|get_current_\w+"
    r"|(now|today|age|timeofday|clock_timestamp|statement_timestamp|transaction_timestamp)\s*\()"
)
_CHANCE = r"\b(random\s*\(|uuid\s*\(|gen_random_uuid\s*\(|using\s+sample|tablesample)"


class Purity(ModelFixtures):
    """
    The SQL depends on figures alone: no order of rows, no clock, no chance.
    """

    @thorough
    def test_the_order_of_input_rows_does_not_matter(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """The same rows in another order give the same rows."""
        wanted = {model.name: in_order(model, c, rows) for model, c, rows in run(models, histories)}
        shuffler = random.Random(7)  # noqa: S311 - no secret
        for _ in range(3):
            other = {}
            for name, table in histories.items():
                order = list(range(len(table)))
                shuffler.shuffle(order)
                other[name] = table.take(order)
            for model, columns, rows in run(models, other):
                refuse_other(
                    model,
                    in_order(model, columns, rows),
                    wanted[model.name],
                    "with its input in another order",
                    "give window functions and aggregates of texts an ORDER BY that leaves no ties, "
                    "and use no LIMIT, first() or any_value()",
                )

    def test_the_result_only_depends_on_figures(self, models: Sequence[Model]) -> None:
        """No clock and no chance."""
        for model in models:
            sql = without_texts(model.sql)
            found = re.search(f"{_CLOCKS}|{_CHANCE}", sql, re.IGNORECASE)
            if found:
                broken(
                    f"the SQL of model {model.name} says {found.group(0)!r}",
                    f"let it depend on its inputs alone; {AS_OF} stands for the day that is asked for",
                )
