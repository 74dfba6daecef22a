"""Compares declared sums with published figures, in one pass, with exact amounts of any size."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from statpipe.domain.codes import constant
from statpipe.domain.printed import exact_type
from statpipe.domain.verdict import Snapshot
from statpipe_checks.database import Database, database, listed
from statpipe_checks.exact_amounts import EXACT, split
from statpipe_checks.numbers import numbers_across
from statpipe_checks.sums import Sum

if TYPE_CHECKING:
    import pyarrow as pa

_SERIES, _PERIOD = ("dataset", "ref_area", "category"), ("freq", "time_period")


def add_up(
    current: Snapshot, sums: Sequence[Sum], tolerance: Decimal
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """
    Compare each published total with the sum of its parts, in every period.

    Returns the numbers of totals: ``judged``, ``failures`` among these, ``not_judged`` because a
    part or the total is missing, and ``unproven`` (see :attr:`Sum.rest_in`). Also returns the
    failing cells, with the largest difference first.
    """
    half = EXACT.divide(current.dataset.precision, Decimal(2))
    with database() as silver:
        _load(silver, current, sums, _sums_table(sums, half, tolerance))
        _compare(silver, current)
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
            order=f"size DESC, size_part DESC, dimension, {listed(current.dataset.key)}",
        )
    return counts, [_cell(row, half, tolerance) for row in cells]


def _cell(row: dict[str, Any], half: Decimal, tolerance: Decimal) -> dict[str, Any]:
    """Return the cell with each amount as one number."""
    names = ("parts", "whole", "part", "size", "size_part")
    parts, whole, part, _, _ = (row.pop(name) for name in names)
    computed = EXACT.add(whole, part)
    return {
        **row,
        "computed": computed,
        "difference": EXACT.subtract(row["published"], computed),
        "allowed": _allowed(parts, half, tolerance),
    }


def _allowed(parts: int, half: Decimal, tolerance: Decimal) -> Decimal:
    """Return the allowed difference: each part and the total may be off by half a unit."""
    return EXACT.add(EXACT.multiply(half, Decimal(parts + 1)), tolerance)


def _compare(silver: Database, current: Snapshot) -> None:
    """
    Make the table ``compared``: a row for each total that was published, in each period.

    ``size`` is the difference and ``allowed`` its limit; both are whole numbers, with their
    fractions in the columns ``_part``.
    """
    keys = current.dataset.key
    silver.run(
        f"""
        CREATE TEMP TABLE compared AS
        WITH total AS (
            SELECT id, {listed(_PERIOD, "obs")},
                   count(obs_value) AS present,
                   sum(CASE WHEN sign < 0 THEN -number ELSE number END) AS whole,
                   sum(CASE WHEN sign < 0 THEN -behind_point ELSE behind_point END) AS part
            FROM part JOIN obs USING (series)
            GROUP BY ALL
        ),
        off AS (
            SELECT sums.*, {listed(_PERIOD, "obs")}, obs_value AS published, whole, part,
                   obs_value IS NOT NULL AND coalesce(present, 0) = parts AS judged,
                   behind_point - part AS rest,
                   number - whole + floor(rest) AS below, rest - floor(rest) AS above
            FROM sums
            JOIN obs USING (series)
            LEFT JOIN total USING ({listed(("id", *_PERIOD))})
        )
        SELECT dimension, rest_in, {listed(keys)}, published, parts, whole, part,
               CASE WHEN below >= 0 THEN below WHEN above = 0 THEN -below ELSE -below - 1 END AS size,
               CASE WHEN below >= 0 OR above = 0 THEN above ELSE 1 - above END AS size_part,
               judged,
               judged AND (size, size_part) > (allowed, allowed_part) AS misses
        FROM off
        """  # noqa: S608 -- column names, no values
    )


def _load(silver: Database, current: Snapshot, sums: Sequence[Sum], table: pa.Table) -> None:
    """
    Make the tables ``sums``, ``part`` and ``obs``: of this dataset's figures, and of agreeing ones that
    lend some. Each series has one number in all of them, so that nothing else need be joined.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    parts, figures = _parts_table(sums), _figures_table(current, sums)
    numbers = numbers_across([table, parts, figures], _SERIES)
    table, parts, figures = (
        one.append_column("series", own)
        for one, own in zip((table, parts, figures), numbers, strict=True)
    )
    needed = pc.is_in(figures["series"], value_set=pa.concat_arrays(numbers[:2]))
    silver.add("sums", table, table.column_names)
    silver.add("part", parts, ("id", "series", "sign"))
    silver.add("figures", figures.filter(needed), ("series", *_PERIOD, "obs_value"))
    silver.run(
        "CREATE TEMP TABLE obs AS "
        "SELECT *, trunc(obs_value) AS number, obs_value - number AS behind_point FROM figures"
    )


def _figures_table(current: Snapshot, sums: Sequence[Sum]) -> pa.Table:
    import pyarrow as pa

    own = current.dataset.name
    lent = {p.dataset for s in sums for p in s.parts} - {own}
    tables = {own: current.table, **{name: current.siblings[name] for name in sorted(lent)}}
    columns = (*_SERIES[1:], *_PERIOD, "obs_value")
    named = [
        table.select(columns).append_column("dataset", constant(name, len(table)))
        for name, table in tables.items()
    ]
    return pa.concat_tables(named).unify_dictionaries()


def _sums_table(sums: Sequence[Sum], half: Decimal, tolerance: Decimal) -> pa.Table:
    import pyarrow as pa

    sizes = {len(s.parts) for s in sums}
    allowed = {size: split(_allowed(size, half, tolerance)) for size in sizes}
    return pa.table(
        {
            "id": pa.array(range(len(sums)), pa.int32()),
            "dimension": pa.array([s.dimension for s in sums], pa.string()),
            "dataset": pa.array([s.dataset for s in sums], pa.string()),
            "ref_area": pa.array([s.ref_area for s in sums], pa.string()),
            "category": pa.array([s.category for s in sums], pa.string()),
            "parts": pa.array([len(s.parts) for s in sums], pa.int32()),
            "rest_in": pa.array([s.rest_in for s in sums], pa.string()),
            "allowed": pa.array([allowed[len(s.parts)][0] for s in sums], pa.decimal128(38, 0)),
            "allowed_part": pa.array([allowed[len(s.parts)][1] for s in sums], exact_type()),
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
