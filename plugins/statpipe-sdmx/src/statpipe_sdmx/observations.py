"""Collects observations as columns of text, one block at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 16

Values = Mapping[str, str]


class Observations:
    """
    Observations, each with the values of its series, data set or group.

    Each full block of rows is converted to columns of codes, so few Python objects are in memory.
    """

    def __init__(self) -> None:
        self._blocks: list[pa.Table] = []
        self._series: list[Values] = [{}]
        self._of: list[int] = []
        self._rows: list[Values] = []

    def begin_series(self, values: Values) -> None:
        """
        Set the values that apply to the following observations.
        """
        self._series.append(values)

    def add(self, values: Values) -> None:
        """
        Add an observation. Its own values take precedence over those of its series.
        """
        self._rows.append(values)
        self._of.append(len(self._series) - 1)
        if len(self._rows) >= _BLOCK:
            self._close_block()

    def table(self) -> pa.Table:
        """
        Return all observations: a column of text for each name that occurs, empty if a row has no
        value.
        """
        import pyarrow as pa

        self._close_block()
        if not self._blocks:
            return pa.table({})
        return together(self._blocks)

    def _close_block(self) -> None:
        if self._rows:
            self._blocks.append(self._block())
        self._rows, self._of, self._series = [], [], self._series[-1:]

    def _block(self) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        own = dict.fromkeys(name for row in self._rows for name in row)
        shared = dict.fromkeys(name for series in self._series for name in series)
        columns: dict[str, pa.Array] = {}
        for name in {**shared, **own}:
            mine = theirs = None
            if name in shared:
                texts = pa.array([one.get(name) for one in self._series], pa.string())
                theirs = texts.dictionary_encode().take(pa.array(self._of, pa.int32()))
            if name in own:
                mine = pa.array([row.get(name) for row in self._rows], pa.string())
            if mine is not None and theirs is not None:
                mine = pc.coalesce(mine, theirs.cast(pa.string()))
            columns[name] = theirs if mine is None else mine.dictionary_encode()
        return pa.table(columns)


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """
    Return the observations of several messages as one table.
    """
    import pyarrow as pa

    return pa.concat_tables(tables, promote_options="default").unify_dictionaries()
