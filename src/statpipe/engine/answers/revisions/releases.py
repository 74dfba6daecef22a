"""Every release of every figure, even where a vintage repeated it unchanged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from statpipe.api import ConfigError, Held, Model
from statpipe.api.gold.periods import period_end
from statpipe.domain.selection import EVERYTHING
from statpipe.engine.gold.computed import computed, connected

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 20_000_000
"""Releases of figures that are in memory at once: about 4 GB."""
_NAMES = (
    ("areas", ("ref_area",), "area_name"),
    ("categories", ("category", "dataset"), "category_name"),
)
_ROW = "ref_area, category, time_period, dataset, freq"

# Of each cell, the row that was set last; unless it ended before the release. One that was replaced on its own day
# ended the day before it began.
_STANDING = """
    SELECT history.*, of_release.place, of_release.vintage AS release_vintage, of_release.released
    FROM vintages AS of_release
    JOIN vintages AS setting
      ON setting.dataset = of_release.dataset AND setting.place <= of_release.place
    JOIN history ON history.dataset = setting.dataset AND history.vintage = setting.vintage
    QUALIFY row_number() OVER (
        PARTITION BY history.ref_area, history.category, history.time_period, history.dataset, history.freq, of_release.place
        ORDER BY setting.place DESC
    ) = 1 AND (history.realtime_end >= of_release.released OR setting.place = of_release.place)
"""
_NUMBERED = f"""
    WITH figures AS (
        SELECT *,
            lag(value) OVER series AS before,
            lag(period_end) OVER series AS end_before,
            lag(unit) OVER series = unit AND lag(unit_mult) OVER series = unit_mult AS same_unit
        FROM (SELECT rows.*, {period_end("rows")} AS period_end FROM rows)
        WINDOW series AS (PARTITION BY ref_area, category, dataset, freq, place ORDER BY period_start)
    )
    SELECT {_ROW}, area_name, category_name, period_start, period_end,
        row_number() OVER (PARTITION BY {_ROW} ORDER BY place) - 1 AS release,
        release_vintage AS vintage, released, date_diff('day', period_end, released) AS days_to_release,
        value, decimals,
        CASE WHEN same_unit AND before <> 0
              AND date_diff('day', end_before, period_start) <= CASE freq WHEN 'B' THEN 3 ELSE 1 END
             THEN (CAST(value AS DOUBLE) - CAST(before AS DOUBLE)) / abs(CAST(before AS DOUBLE)) * 100 END AS growth,
        unit, unit_mult, obs_status
    FROM figures LEFT JOIN areas USING (ref_area) LEFT JOIN categories USING (category, dataset)
    WHERE value IS NOT NULL
"""  # noqa: S608 - its own text


def releases_of(
    history: pa.Table,
    vintages: Sequence[Held],
    model: Model,
    names: Mapping[str, pa.Table],
) -> pa.Table:
    """
    Return each release of each figure in rows of a history, in the form of *model*.

    A release is a vintage whose selection includes the figure and that shows it. *names* are the
    tables of areas and categories, if the family has them.

    :raises ConfigError: There are too many releases for memory.
    """
    _refuse_too_many(history, vintages)
    with connected() as connection:
        connection.register("history", history)
        connection.register("vintages", _vintages(vintages))
        standing = connection.sql(_STANDING).to_arrow_table()
        connection.register("rows", _asked_for(standing, vintages))
        for relation, code, named in _NAMES:
            found = names.get(relation)
            connection.register(
                relation,
                _nothing((*code, named)) if found is None else found.select([*code, named]),
            )
        return computed(connection, model, _NUMBERED)


def _refuse_too_many(history: pa.Table, vintages: Sequence[Held]) -> None:
    import pyarrow.compute as pc

    counts = Counter(one.dataset for one in vintages if one.fingerprint)
    figures = pc.value_counts(history["dataset"].cast("string")).to_pylist()
    most = sum(one["counts"] * counts[one["values"]] for one in figures)
    if most > MOST:
        msg = f"up to {most:,} releases of figures match, more than {MOST:,}; choose fewer by area, category or dataset"
        raise ConfigError(msg)


def _in_order(vintages: Iterable[Held]) -> list[Held]:
    held = (one for one in vintages if one.fingerprint)
    return sorted(held, key=lambda one: (one.dataset, one.released, one.sequence))


def _vintages(vintages: Sequence[Held]) -> pa.Table:
    import pyarrow as pa

    held = _in_order(vintages)
    columns: dict[str, Any] = {
        "dataset": [one.dataset for one in held],
        "place": list(range(len(held))),
        "vintage": [one.vintage.id for one in held],
        "released": [one.released for one in held],
    }
    types = (pa.string(), pa.int64(), pa.string(), pa.date32())
    arrays = [pa.array(column, kind) for column, kind in zip(columns.values(), types, strict=True)]
    return pa.Table.from_arrays(arrays, names=list(columns))


def _asked_for(rows: pa.Table, vintages: Sequence[Held]) -> pa.Table:
    """Leave out figures outside a release's selection: they were not requested."""
    import pyarrow.compute as pc

    for place, held in enumerate(_in_order(vintages)):
        if held.selection != EVERYTHING:
            own = pc.equal(rows["place"], place)
            rows = rows.filter(pc.or_(pc.invert(own), held.selection.holds(rows)))
    return rows


def _nothing(columns: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in columns]).empty_table()
