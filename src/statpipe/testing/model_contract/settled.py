"""Rows follow from no more of a history than ``Model.settled`` and ``Model.standing`` promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from statpipe.api import Model
from statpipe.domain.observation import KEY
from statpipe.domain.period import FOREVER
from statpipe.testing.model_contract.fixtures import ModelFixtures
from statpipe.testing.model_contract.rows import in_order, refuse_other
from statpipe.testing.model_contract.running import Columns, as_declared, run_tables
from statpipe.testing.wording import not_tested

if TYPE_CHECKING:
    import pyarrow as pa

_Part = Literal["what stands", "what moved"]
_IN_WORDS: Mapping[_Part, str] = {
    "what stands": "from the last interval of each cell and those of the last year",
    "what moved": "from the cells that changed in the last year",
}
_REMEDY = "let a row follow from its own cell, or take `settled` out of the declaration"
_REMEDY_STANDING = (
    "take only the figures that nothing has replaced, or take `standing` out of the declaration"
)


class Settled(ModelFixtures):
    """
    Rows follow from no more of a history than their model promises.
    """

    def test_rows_follow_from_what_settled_and_standing_declare(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """Otherwise, a release gives other rows than the whole history."""
        promising = [model.name for model in models if model.settled or model.standing]
        years = {
            day.year for one in histories.values() for day in one["realtime_start"].to_pylist()
        }
        if promising and len(years) < 2:
            not_tested(
                f"whether rows of {', '.join(promising)} follow from what `settled` and `standing` promise",
                "`histories` with releases of two years",
            )
        whole = run_tables(models, histories) if promising else []
        last = max(years, default=0)
        # In the year after the last one, there was a release that changed nothing.
        for part, year in product(_IN_WORDS, (last, last + 1) if whole else ()):
            given = {model.name: as_declared(model, table) for model, _, table in whole}
            given |= {name: _of(part, table, year) for name, table in histories.items()}
            for model, columns, table in whole:
                if not (model.settled or (model.standing and part == "what stands")):
                    continue
                found = run_tables([model], given)[0][2]
                if model.settled:
                    given[model.name] = as_declared(model, found)
                if part == "what stands" or model.settled != "realtime_end":
                    refuse_other(
                        model,
                        _rows(model, columns, found, year),
                        _rows(model, columns, table, year),
                        _IN_WORDS[part],
                        _REMEDY if model.settled else _REMEDY_STANDING,
                    )


def _of(part: _Part, history: pa.Table, year: int) -> pa.Table:
    """Return the part of a history that a release of this year reads."""
    rows = history.to_pylist()
    cells = [tuple(row[name] for name in ("dataset", *KEY)) for row in rows]
    last = {
        cell: row["realtime_start"]
        for cell, row in sorted(
            zip(cells, rows, strict=True), key=lambda one: one[1]["realtime_start"]
        )
    }
    in_year = [
        year in {row["realtime_start"].year, _next_day(row["realtime_end"]).year} for row in rows
    ]
    moved = {cell for cell, now in zip(cells, in_year, strict=True) if now}
    stands = [
        now or row["realtime_start"] == last[cell]
        for cell, row, now in zip(cells, rows, in_year, strict=True)
    ]
    if part == "what stands":
        return history.filter(stands)
    return history.filter([one and cell in moved for cell, one in zip(cells, stands, strict=True)])


def _rows(model: Model, columns: Columns, table: pa.Table, year: int) -> list[tuple[Any, ...]]:
    """
    Return the rows that are not final, or that became final this year; all rows, if the model has
    no final rows.
    """
    rows = [row for row in table.to_pylist() if not model.settled or _is_new(model, row, year)]
    return in_order(model, columns, [tuple(row[name] for name, _ in columns) for row in rows])


def _is_new(model: Model, row: Mapping[str, Any], year: int) -> bool:
    day = row[model.settled or ""]
    if day is None or day == FOREVER:
        return True
    return bool(year == (_next_day(day) if model.settled == "realtime_end" else day).year)


def _next_day(day: date) -> date:
    return day if day == FOREVER else day + timedelta(days=1)
