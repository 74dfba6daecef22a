"""What the SQL says as of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from statpipe.api import Model
from statpipe.domain.model import AS_OF, can_take_date
from statpipe.domain.period import FOREVER
from statpipe.testing.model_contract.fixtures import ModelFixtures
from statpipe.testing.model_contract.rows import in_order, refuse_other
from statpipe.testing.model_contract.running import run
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import broken

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_DAYS = 9


class AsOf(ModelFixtures):
    """
    What the SQL says as of a day.
    """

    @thorough
    def test_figures_as_of_a_day_do_not_depend_on_later_releases(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """As of a day, a model is what it was on that day, before later releases."""
        dated = {model.name for model in models if can_take_date(models, model)}
        for day in _days_of(histories) if dated else ():
            then = {name: _known_on(table, day) for name, table in histories.items()}
            latest = {m.name: in_order(m, c, rows) for m, c, rows in run(models, then)}
            for model, columns, rows in run(models, histories, f"DATE '{day.isoformat()}'"):
                if model.name in dated:
                    refuse_other(
                        model,
                        in_order(model, columns, rows),
                        latest[model.name],
                        f"as of {day}, with what was released later in the lake as well",
                        f"take the rows with realtime_start <= {AS_OF} AND realtime_end >= {AS_OF}, "
                        "also in what is joined; or read a model that does",
                    )

    def test_a_day_long_ago_has_no_figures(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """If the SQL can return an earlier state."""
        for model, _, rows in run(models, histories, "DATE '1000-01-01'"):
            if model.takes_date and rows:
                broken(
                    f"model {model.name} gives {len(rows)} rows as of 1000-01-01, before any release",
                    f"take the rows with realtime_start <= {AS_OF} AND realtime_end >= {AS_OF}",
                )


def _days_of(histories: Mapping[str, pa.Table]) -> list[date]:
    """Return the days of the first releases, and the days before the next ones."""
    starts = sorted(
        {d for table in histories.values() for d in table["realtime_start"].to_pylist()}
    )
    before = [day - timedelta(days=1) for day in starts[1:]]
    return sorted({*starts, *before})[:_MOST_DAYS]


def _known_on(table: pa.Table, day: date) -> pa.Table:
    """Return a history as it was known on a day."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = table.filter(pc.less_equal(table["realtime_start"], day))
    place = known.schema.get_field_index("realtime_end")
    ends = known["realtime_end"]
    open_ = pc.if_else(pc.greater_equal(ends, day), pa.scalar(FOREVER, ends.type), ends)
    return known.set_column(place, known.schema.field(place), open_)
