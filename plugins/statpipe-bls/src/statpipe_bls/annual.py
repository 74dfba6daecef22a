"""Years of which BLS has two figures: prices have the average of months, ``M13``, and that of halves, ``S03``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from statpipe_bls.periods import ANNUAL

if TYPE_CHECKING:
    import pyarrow as pa

VALUE, NOTES = "obs_value", "notes"


def one_a_year(
    table: pa.Table, years: Callable[[], list[int]], periods: pa.DictionaryArray
) -> pa.Table:
    """
    Keep one annual figure for each series and year, by the order of the codes in ``ANNUAL``. Another one that differs
    goes to its notes: ``S03: 304.701``.

    *years* gives a number for the series and year of each row, *periods* BLS's code of its period.
    """
    import pyarrow as pa

    there = {code for code in periods.dictionary.to_pylist() if code in ANNUAL}
    if there <= {next(iter(there), "")}:
        return table
    of, codes, shown = years(), periods.to_pylist(), table[VALUE].to_pylist()
    rows = [row for row, code in enumerate(codes) if code in ANNUAL]
    rows.sort(key=lambda row: ANNUAL.index(codes[row]))
    kept: dict[int, int] = {}
    dropped, notes = set(), table[NOTES].to_pylist()
    for row in rows:
        first = kept.setdefault(of[row], row)
        # The same code twice is not BLS's way: both stay, and are refused as two observations.
        if codes[first] == codes[row]:
            continue
        dropped.add(row)
        if shown[row] != shown[first]:
            told = f"{codes[row]}: {shown[row] or '-'}"
            notes[first] = f"{notes[first]}; {told}" if notes[first] else told
    table = table.set_column(table.column_names.index(NOTES), NOTES, pa.array(notes, pa.string()))
    return table.filter(pa.array([row not in dropped for row in range(len(table))]))
