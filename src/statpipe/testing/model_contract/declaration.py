"""Tests that a model is described, and has its declared columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from statpipe.api import Model
from statpipe.testing.wording import broken

_KINDS = {
    "text": r"VARCHAR|ENUM.*",
    "integer": r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?",
    "small": r"TINYINT",
    "decimal": r"DECIMAL.*|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?",
    "double": r"DOUBLE|FLOAT|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?",
    "date": r"DATE",
}
"""DuckDB's types that the SQL may have, for each type that a column can declare."""

_CAST = {
    "text": "CAST(... AS VARCHAR)",
    "integer": "CAST(... AS BIGINT)",
    "small": "take it from a column of that type, or declare it integer",
    "decimal": "keep it decimal: no division, no CAST AS DOUBLE; or declare it double",
    "double": "CAST(... AS DOUBLE PRECISION)",
    "date": "CAST(... AS DATE)",
}


def has_its_columns(
    model: Model, columns: Sequence[tuple[str, str]], *, more_allowed: bool = False
) -> None:
    """
    End the test if a model's SQL returns other columns or types than declared.
    """
    __tracebackhide__ = True
    kinds = dict(columns)
    for column in model.columns:
        if column.name not in kinds:
            broken(
                f"model {model.name} declares the column {column.name}, and its SQL gives "
                f"{', '.join(kinds)}",
                f"add `AS {column.name}` to the SQL, or take it out of `columns`",
            )
        if not re.fullmatch(_KINDS[column.type], kinds[column.name]):
            broken(
                f"model {model.name} declares {column.name} as {column.type}, and its SQL gives "
                f"{kinds[column.name]}, which would be converted silently",
                _CAST[column.type],
            )
    more = [name for name in kinds if name not in {column.name for column in model.columns}]
    if more and not more_allowed:
        broken(
            f"the SQL of model {model.name} gives the column {more[0]}, which is not declared and "
            "so is nowhere",
            "declare it with a description, or leave it out of the SQL; or name the model in "
            "`with_extra_columns`",
        )


def problems_with_declaration(model: Model) -> None:
    """
    End the test if a model is not described well enough for readers.
    """
    __tracebackhide__ = True
    if not model.title.strip() or "\n" in model.title:
        broken(f"the title of model {model.name} is {model.title!r}", "write one line")
    for column in model.columns:
        if not column.description.strip():
            broken(
                f"column {column.name} of model {model.name} has no description",
                "say in one line what it means; it stands in Parquet, PostgreSQL and the docs",
            )
        if column.type in {"decimal", "double"} and not column.unit:
            broken(
                f"column {column.name} of model {model.name} is a {column.type} without a unit",
                'give its unit, such as unit="%" or unit="see unit" where a column of that name has it',
            )
        if column.name in model.grain and column.nullable:
            broken(
                f"column {column.name} of model {model.name} is part of the grain and may be null",
                "declare it with nullable=False: a row without its key cannot be found again",
            )
