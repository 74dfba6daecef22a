"""A pivoted table: one column for each series, or for each release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from statpipe.domain.printed import exact_type

if TYPE_CHECKING:
    import pyarrow as pa

PERIOD = "time_period"


@frozen(kw_only=True)
class Wide:
    """
    Rows identified by *index*, each with a cell for every value of *across*. Empty cells are
    ``None``.
    """

    index: tuple[str, ...]
    across: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...] = field(repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """
        The names of all columns.
        """
        return (*self.index, *self.across)

    def dicts(self) -> list[dict[str, Any]]:
        """
        Return the rows by the names of their columns. Decimals have their printed places.
        """
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def table(self) -> pa.Table:
        """
        Return it as an Arrow table. Decimals are exact.
        """
        import pyarrow as pa

        cells = list(zip(*self.rows, strict=True)) if self.rows else [()] * len(self.columns)
        arrays = [
            pa.array(column, exact_type() if any(isinstance(v, Decimal) for v in column) else None)
            for column in cells
        ]
        return pa.Table.from_arrays(arrays, names=list(self.columns))


def wide(
    rows: Iterable[Mapping[str, Any]],
    *,
    index: Sequence[str],
    across: Sequence[str],
    measure: str,
) -> Wide:
    """
    Pivot rows: rows with the same *index* become one, with a column for each code, or codes, of
    *across*.
    """
    cells: dict[tuple[Any, ...], dict[str, Any]] = {}
    named: dict[str, tuple[str, ...]] = {}
    for row in rows:
        codes = tuple(str(row[name]) for name in across)
        name = " ".join(codes) or measure
        named[name] = codes
        cells.setdefault(tuple(row[one] for one in index), {})[name] = row[measure]
    columns = tuple(sorted(named, key=lambda name: named[name]))
    return Wide(
        index=tuple(index),
        across=columns,
        rows=tuple((*key, *(cells[key].get(name) for name in columns)) for key in sorted(cells)),
    )


def varying(table: pa.Table, names: Iterable[str]) -> list[str]:
    """
    Return the columns that have more than one value.
    """
    import pyarrow.compute as pc

    from statpipe.domain.codes import codes_or_values

    return [one for one in names if pc.count_distinct(codes_or_values(table[one])).as_py() > 1]
