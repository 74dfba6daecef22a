"""Everything ever published for one cell, read from the changes of each vintage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from statpipe.api import Held, Lake, Selection
from statpipe.domain.period import in_one_form
from statpipe.domain.printed import as_printed
from statpipe.domain.vintage import dated_by
from statpipe.engine.gold.changes import changes_of
from statpipe.engine.gold.intervals import intervals

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class Cell:
    """
    The key of a figure. ``where`` has further columns that identify it, such as its frequency or a
    dimension's code.
    """

    ref_area: str
    category: str
    time_period: str = field(converter=in_one_form)
    dataset: str | None = None
    where: Mapping[str, str] = field(factory=dict)

    @property
    def key(self) -> dict[str, str]:
        """
        Return the known columns with their values.
        """
        dataset = {"dataset": self.dataset} if self.dataset else {}
        return {
            "ref_area": self.ref_area,
            "category": self.category,
            **dataset,
            **self.where,
            "time_period": self.time_period,
        }

    @property
    def selection(self) -> Selection:
        """
        Return the selection of only this cell.
        """
        return Selection(
            areas=(self.ref_area,), categories=(self.category,), periods=(self.time_period,)
        )

    def rows_of(self, table: pa.Table) -> pa.Table:
        """
        Return the rows of an observation table that are about this cell.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = self.selection.rows_of(table)
        for name, value in self.where.items():
            if name not in rows.column_names:
                return rows.slice(0, 0)
            rows = rows.filter(pc.equal(rows[name].cast(pa.string()), value))
        return rows


@frozen(kw_only=True)
class Stand:
    """
    What an agency published for a cell, and the dates during which it was current, both inclusive.

    ``value`` has its printed decimal places. ``vintage`` is the release that set it, and ``note``
    the agency's text about that release.
    """

    value: Decimal | None
    decimals: int | None
    unit: str
    unit_mult: int
    obs_status: str
    source_symbol: str | None
    notes: str | None
    vintage: str
    note: str
    realtime_start: date
    realtime_end: date
    dated_by: str = ""


@frozen(kw_only=True)
class CellHistory:
    """
    A cell of a source with its whole history, oldest first.
    """

    source: str
    cell: Cell
    area_name: str
    category_name: str
    stands: tuple[Stand, ...]

    def on(self, day: date) -> Stand | None:
        """
        Return what was current on a date.
        """
        found = [one for one in self.stands if one.realtime_start <= day <= one.realtime_end]
        return found[-1] if found else None


def cell_histories(
    lake: Lake, source: str, held: Iterable[Held], wanted: Cell
) -> list[CellHistory]:
    """
    Read a cell's history from each dataset of a source that has it.

    :raises ContentError: A Silver partition is missing or damaged.
    """
    datasets: dict[str, list[Held]] = {}
    for one in held:
        if one.fingerprint and wanted.dataset in {None, one.dataset}:
            datasets.setdefault(one.dataset, []).append(one)
    return [
        found
        for dataset, vintages in sorted(datasets.items())
        for found in _of_dataset(lake, source, dataset, vintages, wanted)
    ]


def _of_dataset(
    lake: Lake, source: str, dataset: str, held: Sequence[Held], wanted: Cell
) -> Iterable[CellHistory]:
    changes = [wanted.rows_of(table) for table in changes_of(lake, source, held)]
    notes = {one.vintage.id: one.note for one in held}
    frequencies: dict[str, list[dict[str, Any]]] = {}
    for row in intervals(changes).to_pylist():
        frequencies.setdefault(row["freq"], []).append(row)
    for freq, own in frequencies.items():
        yield CellHistory(
            source=source,
            cell=attrs.evolve(
                wanted,
                dataset=dataset,
                # A period shows its frequency, except for days and business days.
                where={"freq": freq} if len(frequencies) > 1 else {},
            ),
            area_name=own[-1]["geo_name"],
            category_name=own[-1]["category_name"],
            stands=tuple(_stand(row, notes) for row in own),
        )


def _stand(row: Mapping[str, Any], notes: Mapping[str, str]) -> Stand:
    value = row["obs_value"]
    return Stand(
        value=value if value is None else as_printed(value, row["decimals"]),
        decimals=row["decimals"],
        unit=row["unit_measure"],
        unit_mult=row["unit_mult"],
        obs_status=row["obs_status"],
        source_symbol=row["source_symbol"],
        notes=row["notes"],
        vintage=row["vintage"],
        note=notes[row["vintage"]],
        realtime_start=row["realtime_start"],
        realtime_end=row["realtime_end"],
        dated_by=dated_by(row["basis"], row["seen_before"]),
    )
