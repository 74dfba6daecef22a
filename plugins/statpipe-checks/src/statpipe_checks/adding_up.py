"""Declared sums against published figures, in one pass of exact decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from statpipe.domain.codes import constant
from statpipe.domain.verdict import Snapshot
from statpipe_checks.database import Database, database, listed
from statpipe_checks.results import figure
from statpipe_checks.sums import Sum

if TYPE_CHECKING:
    import pyarrow as pa


def add_up(
    current: Snapshot, sums: Sequence[Sum], tolerance: Decimal
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """
    Compare each published total with the sum of its parts, in every period.

    Returns the numbers of totals ``judged`` (of them ``failures``), ``not_judged`` since a part or
    the total is missing, and ``unproven`` (see :attr:`Sum.rest_in`); and the failing cells, largest
    miss first.
    """
    with database(sums=_sums_table(sums), part=_parts_table(sums)) as silver:
        _load_figures(silver, current, sums)
        _compare(silver, current, tolerance)
        [counts] = silver.rows(
            """
            SELECT count(*) FILTER (judged AND NOT (misses AND rest_in <> '')) AS judged,
                   count(*) FILTER (NOT judged) AS not_judged,
                   count(*) FILTER (misses AND rest_in = '') AS failures,
                   count(*) FILTER (misses AND rest_in <> '') AS unproven
            FROM compared
            """
        )
        _, cells = silver.first(
            "SELECT * EXCLUDE (judged, misses, rest_in) FROM compared WHERE misses AND rest_in = ''",
            order=f"abs(difference) DESC, dimension, {listed(current.dataset.key)}",
        )
    return counts, cells


def _compare(silver: Database, current: Snapshot, tolerance: Decimal) -> None:
    """Make the table ``compared``: a row for each total that was published, in each period."""
    keys = current.dataset.key
    silver.run(
        f"""
        CREATE TEMP TABLE compared AS
        WITH total AS (
            SELECT id, {listed(("freq", "time_period"), "obs")},
                   count(obs_value) AS present,
                   sum(CASE WHEN sign < 0 THEN -obs_value ELSE obs_value END) AS computed
            FROM part JOIN obs USING (dataset, ref_area, category)
            GROUP BY ALL
        )
        SELECT dimension, rest_in, {listed(keys, "obs")}, obs_value AS published, computed,
               obs_value - computed AS difference,
               $half::DECIMAL(18, 9) * (parts + 1) + $tolerance::DECIMAL(18, 9) AS allowed,
               obs_value IS NOT NULL AND coalesce(present, 0) = parts AS judged,
               judged AND abs(difference) > allowed AS misses
        FROM sums
        JOIN obs USING (dataset, ref_area, category)
        LEFT JOIN total USING ({listed(("id", "freq", "time_period"))})
        """,  # noqa: S608 -- column names, no values
        half=figure(current.dataset.precision / 2),
        tolerance=figure(tolerance),
    )


def _load_figures(silver: Database, current: Snapshot, sums: Sequence[Sum]) -> None:
    """Make the table ``obs``: this dataset's figures, and those that agreeing ones lend."""
    import pyarrow as pa

    columns, own = (*current.dataset.key, "obs_value"), current.dataset.name
    lent = {p.dataset for s in sums for p in s.parts} - {own}
    tables = {own: current.table, **{name: current.siblings[name] for name in sorted(lent)}}
    named = [
        table.select(columns).append_column("dataset", constant(name, len(table)))
        for name, table in tables.items()
    ]
    # One table, so that all datasets share their codes.
    silver.add("figures", pa.concat_tables(named).unify_dictionaries(), ("dataset", *columns))
    silver.run(
        """
        CREATE TEMP TABLE obs AS
        FROM figures
        WHERE dataset = $own
           OR (dataset, ref_area, category) IN (SELECT (dataset, ref_area, category) FROM part)
        """,
        own=own,
    )


def _sums_table(sums: Sequence[Sum]) -> pa.Table:
    import pyarrow as pa

    return pa.table(
        {
            "id": pa.array(range(len(sums)), pa.int32()),
            "dimension": pa.array([s.dimension for s in sums], pa.string()),
            "dataset": pa.array([s.dataset for s in sums], pa.string()),
            "ref_area": pa.array([s.ref_area for s in sums], pa.string()),
            "category": pa.array([s.category for s in sums], pa.string()),
            "parts": pa.array([len(s.parts) for s in sums], pa.int32()),
            "rest_in": pa.array([s.rest_in for s in sums], pa.string()),
        }
    )


def _parts_table(sums: Sequence[Sum]) -> pa.Table:
    import pyarrow as pa

    parts = [(number, part) for number, s in enumerate(sums) for part in s.parts]
    return pa.table(
        {
            "id": pa.array([number for number, _ in parts], pa.int32()),
            "dataset": pa.array([p.dataset for _, p in parts], pa.string()),
            "ref_area": pa.array([p.ref_area for _, p in parts], pa.string()),
            "category": pa.array([p.category for _, p in parts], pa.string()),
            "sign": pa.array([p.sign for _, p in parts], pa.int8()),
        }
    )
