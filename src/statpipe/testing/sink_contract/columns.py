"""Columns of every type that a model can declare come back as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve

from statpipe.api import Layer, PartitionKey, Sink
from statpipe.testing.every_type import EVERY_TYPE, every_type, less
from statpipe.testing.sink_contract.fixtures import SinkFixtures
from statpipe.testing.sink_contract.writing import write
from statpipe.testing.wording import agree, broken, not_tested

Rows = Sequence[Mapping[str, Any]]

_REMEDY = "take the type of each column from partition.table.schema, and keep nulls apart from empty texts and zeros"


class Columns(SinkFixtures):
    """
    Columns of every type that a model can declare come back as they were.
    """

    def rows_in(self, sink: Sink, key: PartitionKey) -> Rows | None:
        """Override: all rows under *key*, with all columns by their names; the order does not matter."""
        not_tested(
            "whether columns of every type come back",
            "put into the class: def rows_in(self, sink, key): return [{'code': ..., 'note': ...}], all "
            "rows under key as mappings of all their columns",
        )

    def test_columns_of_every_type_are_read_back(self, sink: Sink) -> None:
        """Texts, whole numbers, figures, floating-point numbers and days; each of them may be missing."""
        self._takes_gold(sink)
        partition = every_type()
        write(sink, partition)
        self._are_there(sink, partition.key, EVERY_TYPE, "after columns of every type were written")

    def test_columns_may_be_added_and_removed(self, sink: Sink) -> None:
        """A newer version of a plugin declares another one, and an older one is installed again."""
        self._takes_gold(sink)
        whole, without = every_type(), less(every_type(), "note")
        write(sink, without)
        write(sink, evolve(whole, previous=without))
        self._are_there(sink, whole.key, EVERY_TYPE, "after a column came")
        write(sink, evolve(without, previous=whole))
        rows = [{n: v for n, v in row.items() if n != "note"} for row in EVERY_TYPE]
        self._are_there(sink, whole.key, rows, "after a column went")

    def _takes_gold(self, sink: Sink) -> None:
        if Layer.GOLD not in sink.layers:
            pytest.skip("the sink takes no Gold")

    def _are_there(self, sink: Sink, key: PartitionKey, wanted: Rows, when: str) -> None:
        __tracebackhide__ = True
        seen = self.rows_in(sink, key)
        found = {row.get("code"): dict(row) for row in seen or ()}
        agree(len(seen or ()), len(wanted), f"{when}, the number of rows", "hold each row once")
        for row in wanted:
            there = found.get(row["code"])
            if there is None:
                broken(f"{when}, the row with code {row['code']!r} is not there", _REMEDY)
            for name, value in row.items():
                if name not in there:
                    broken(f"{when}, there is no column {name}", _REMEDY)
                if not _is_same(there[name], value):
                    broken(
                        f"{when}, {name} of {row['code']!r} is {there[name]!r}, not {value!r}",
                        _REMEDY,
                    )
            more = there.keys() - row.keys()
            if more:
                broken(
                    f"{when}, there is still a column {min(more)}",
                    "make the table anew where its columns differ from the partition's",
                )


def _is_same(found: object, wanted: object) -> bool:
    """A whole number may come back as a decimal; a missing value is no empty text, and no zero."""
    if wanted is None or isinstance(wanted, float | str):
        return type(found) is type(wanted) and found == wanted
    return found is not None and not isinstance(found, float | str) and found == wanted
