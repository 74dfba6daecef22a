"""The rows that the SQL gives: one by its grain, with what it must have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from statpipe.api import Model
from statpipe.testing.model_contract.fixtures import ModelFixtures
from statpipe.testing.model_contract.running import run
from statpipe.testing.wording import broken

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 3


class Grain(ModelFixtures):
    """
    The rows that the SQL gives: one by its grain, with what it must have.
    """

    def test_each_row_is_unique_by_its_grain_and_has_required_values(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """Rows by grain, no nulls where none are declared."""
        for model, columns, rows in run(models, histories):
            names = [name for name, _ in columns]
            if not rows and model.name not in self.may_be_empty:
                broken(
                    f"model {model.name} gives no row of the fixture `histories`, so nothing is known "
                    "of it",
                    "override `histories` with figures that it is made for, or name it in "
                    "`may_be_empty`",
                )
            for column in model.columns:
                place = names.index(column.name)
                nulls = sum(row[place] is None for row in rows)
                if nulls and not column.nullable:
                    broken(
                        f"model {model.name}: {nulls} of {len(rows)} rows have no {column.name}, which "
                        "is declared as never null",
                        "correct the SQL (an outer join?), or declare the column nullable",
                    )
            finite(model, names, rows)
            places = [names.index(name) for name in model.grain]
            keys = [tuple(row[place] for place in places) for row in rows]
            twice = sorted({str(key) for key in keys if keys.count(key) > 1})
            if twice:
                broken(
                    f"model {model.name}: {len(keys) - len(set(keys))} of {len(keys)} rows repeat the "
                    f"grain {', '.join(model.grain)}, such as {', '.join(twice[:_SHOWN])}",
                    "the SQL joins too much (join on the dataset as well, and choose the interval by "
                    "realtime_end), or the grain lacks a column",
                )


def finite(model: Model, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """
    End the test if a figure is infinite, or no number.
    """
    __tracebackhide__ = True
    for row in rows:
        for name, value in zip(names, row, strict=True):
            if isinstance(value, float) and not math.isfinite(value):
                broken(
                    f"model {model.name} gives {value} as {name}, which is not a figure: here, "
                    "DuckDB divides by zero, and PostgreSQL ends with an error",
                    "say NULLIF(..., 0) below the line, and what it means in another column",
                )
