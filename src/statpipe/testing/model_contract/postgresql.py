"""The SQL of views is SQL that PostgreSQL understands as DuckDB does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from statpipe.api import Model
from statpipe.testing.model_contract.fixtures import ModelFixtures
from statpipe.testing.model_contract.words import without_texts
from statpipe.testing.wording import broken

_ONLY_DUCKDB: Mapping[str, str] = {
    r"\bqualify\b": "QUALIFY; use a subquery and WHERE",
    r"\bexclude\s*\(": "EXCLUDE; name the columns",
    r"\*\s*replace\s*\(": "REPLACE; name the columns",
    r"\b(group|order)\s+by\s+all\b": "BY ALL; name the columns",
    r"\b(asof|semi|anti|positional)\s+join\b": "this JOIN; use EXISTS or a lateral subquery",
    r"\b(pivot|unpivot)\b": "PIVOT; use CASE WHEN",
    r"\bifnull\s*\(": "ifnull; use coalesce",
    r"\btry_cast\s*\(": "TRY_CAST; use CASE WHEN",
    r"\b(arg_max|arg_min|max_by|min_by|first|last)\s*\(": "this aggregate; use a window function",
    r"\bmedian\s*\(": "median; use percentile_cont(0.5) WITHIN GROUP (ORDER BY ...)",
    r"\b(year|month|day|quarter)\s*\(": "this function; use EXTRACT(YEAR FROM ...)",
    r"\b(strftime|strptime|datediff|date_diff|date_add)\s*\(": "this function; use arithmetic of dates",
    r"\b(list_\w+|struct_\w+|map_\w+|unnest_\w+|len|regexp_extract)\s*\(": "this function",
    r"\bas\s+double\s*\)|::\s*double\b(?!\s+precision)": "DOUBLE; write DOUBLE PRECISION",
    r"\bas\s+hugeint\b|::\s*hugeint\b": "HUGEINT; write BIGINT or DECIMAL(38, 0)",
    r"\bread_(parquet|csv|json)\w*\s*\(": "files; name the relation in `inputs`",
    r"\bilike\s+any\b|\bglob\b": "this operator; use LIKE",
    r"//": "the operator //; use floor(a / b)",
    r"==": "the operator ==; write =",
}


class PostgreSql(ModelFixtures):
    """
    The SQL of views is SQL that PostgreSQL understands as DuckDB does.
    """

    def test_a_view_is_sql_that_postgresql_understands(self, models: Sequence[Model]) -> None:
        """A database derives views itself, by the same SQL."""
        for model in models:
            if model.materialized != "view":
                continue
            sql = without_texts(model.sql)
            for pattern, instead in _ONLY_DUCKDB.items():
                found = re.search(pattern, sql, re.IGNORECASE)
                if found:
                    broken(
                        f"the SQL of the view {model.name} says {found.group(0)!r}, and PostgreSQL "
                        f"does not know {instead}",
                        'write it otherwise, or set `materialized="table"`, which DuckDB computes for '
                        "the database too",
                    )
            if _divides_integers(sql):
                broken(
                    f"the SQL of the view {model.name} divides whole numbers: DuckDB gives a fraction, "
                    "PostgreSQL cuts it off",
                    "make one of them a double first: CAST(a AS DOUBLE PRECISION) / b",
                )


def _divides_integers(sql: str) -> bool:
    return (
        re.search(r"\bcount\s*\([^()]*\)\s*/\s*(count\s*\(|\d+\b(?!\.))", sql, re.IGNORECASE)
        is not None
    )
