"""Snapshots with the same figures for other areas, categories and years, or with small figures."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from statpipe.api import Dataset, Selection, Snapshot
from statpipe.domain.observation import NORMAL
from statpipe.domain.printed import needed_places

if TYPE_CHECKING:
    import pyarrow as pa

Texts = Callable[[str], str]

_LETTERS = string.ascii_lowercase
_TURNED = str.maketrans(
    _LETTERS + _LETTERS.upper() + string.digits,
    "".join(s[13:] + s[:13] for s in (_LETTERS, _LETTERS.upper())) + "5678901234",
)
_YEAR = re.compile(r"^\d{4}")
_AWAY = 400
"""This number of years is a whole number of weeks, and keeps each 29 February."""
_PROVISIONAL = "P"
_POWER, _PLACES = 12, 18


def other(code: str) -> str:
    """
    Return a code of another length that has no beginning, end or part in common with the given one.
    """
    return f"Q{code.translate(_TURNED)}.7"


def in_other_areas(snapshot: Snapshot) -> Snapshot:
    """
    Return the same figures for areas with other codes, on levels with other names.
    """
    dataset = snapshot.dataset
    known = {area.code for area in dataset.areas}
    areas = [
        attrs.evolve(
            area,
            code=other(area.code),
            level=area.level and other(area.level),
            parent=area.parent and other(area.parent),
        )
        for area in dataset.areas
    ]
    categories = [
        attrs.evolve(category, areas=tuple(map(other, category.areas)))
        for category in dataset.categories
    ]
    return _changed(
        snapshot,
        attrs.evolve(dataset, areas=tuple(areas), categories=tuple(categories)),
        {"ref_area": other, "geo_level": other},
        lambda one: attrs.evolve(one, areas=one.areas and tuple(map(other, one.areas))),
        known,
    )


def in_other_categories(snapshot: Snapshot) -> Snapshot:
    """
    Return the same figures for categories with other codes, in units with other names.
    """
    dataset = snapshot.dataset
    known = {category.code for category in dataset.categories}
    categories = [
        attrs.evolve(
            category,
            code=other(category.code),
            unit_measure=category.unit_measure and other(category.unit_measure),
            parent=category.parent and other(category.parent),
        )
        for category in dataset.categories
    ]
    agreements = [
        attrs.evolve(one, pairs=tuple((other(a), other(b)) for a, b in one.pairs))
        for one in dataset.agreements
    ]
    return _changed(
        snapshot,
        attrs.evolve(dataset, categories=tuple(categories), agreements=tuple(agreements)),
        dict.fromkeys(("category", "parent_category", "unit_measure"), other),
        lambda one: attrs.evolve(
            one, categories=one.categories and tuple(map(other, one.categories))
        ),
        known,
    )


def in_other_years(snapshot: Snapshot, sign: int) -> Snapshot:
    """
    Return the same figures for periods and a release some centuries before or after.
    """

    def moved(period: str) -> str:
        return _YEAR.sub(lambda year: f"{int(year.group()) + sign * _AWAY:04}", period)

    released = snapshot.vintage.released
    vintage = attrs.evolve(
        snapshot.vintage,
        released=released.replace(year=released.year + sign * _AWAY),
        released_at=None,
    )
    return _changed(
        attrs.evolve(snapshot, vintage=vintage),
        snapshot.dataset,
        {"time_period": moved},
        lambda one: attrs.evolve(one, periods=one.periods and tuple(map(moved, one.periods))),
        set(),
    )


def provisional(snapshot: Snapshot) -> Snapshot:
    """
    Return the same figures, with normal ones marked as provisional.
    """
    return _changed(
        snapshot,
        snapshot.dataset,
        {"obs_status": lambda status: _PROVISIONAL if status == NORMAL else status},
        lambda one: one,
        set(),
    )


def smallest(snapshot: Snapshot) -> Snapshot:
    """
    Return the figures divided by the largest power of ten for which they still fit into Silver, and
    the declarations about them likewise.
    """
    tables = [snapshot.table, *snapshot.siblings.values()]
    places = [needed_places(v) for t in tables for v in _figures(t) if v is not None]
    factor = Decimal(1).scaleb(-min(_POWER, _PLACES - max(places, default=0)))
    dataset = snapshot.dataset
    span = dataset.valid_range
    return attrs.evolve(
        snapshot,
        dataset=attrs.evolve(
            dataset,
            precision=dataset.precision * factor,
            valid_range=span and (span[0] * factor, span[1] * factor),
        ),
        table=_times(snapshot.table, factor),
        siblings={name: _times(table, factor) for name, table in snapshot.siblings.items()},
    )


def _changed(
    snapshot: Snapshot,
    dataset: Dataset,
    columns: Mapping[str, Texts],
    selection: Callable[[Selection], Selection],
    known: set[str],
) -> Snapshot:
    """Change the columns of all tables, both selections, and new codes of the same list."""
    return attrs.evolve(
        snapshot,
        dataset=attrs.evolve(dataset, selection=selection(dataset.selection)),
        vintage=attrs.evolve(snapshot.vintage, selection=selection(snapshot.vintage.selection)),
        table=_with(snapshot.table, columns),
        siblings={name: _with(table, columns) for name, table in snapshot.siblings.items()},
        new_codes=frozenset(other(one) if one in known else one for one in snapshot.new_codes),
    )


def _with(table: pa.Table, columns: Mapping[str, Texts]) -> pa.Table:
    import pyarrow as pa

    for name, change in columns.items():
        if name in table.column_names:
            kind = table.schema.field(name)
            texts = [one and change(one) for one in table[name].to_pylist()]
            column = pa.array(texts, pa.string()).dictionary_encode().cast(kind.type)
            table = table.set_column(table.schema.get_field_index(name), kind, column)
    return table


def _figures(table: pa.Table) -> list[Any]:
    return table["obs_value"].to_pylist() if "obs_value" in table.column_names else []


def _times(table: pa.Table, factor: Decimal) -> pa.Table:
    import pyarrow as pa

    if "obs_value" not in table.column_names:
        return table
    kind = table.schema.field("obs_value")
    values = [None if v is None else v * factor for v in _figures(table)]
    place = table.schema.get_field_index("obs_value")
    return table.set_column(place, kind, pa.array(values, kind.type))
