"""What changed between two states of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import attrs

from statpipe.api import Column, ConfigError, Model
from statpipe.engine.answers.figures import figures, whole_model
from statpipe.engine.answers.rows import NoRows
from statpipe.engine.answers.words import OPTIONS, Words
from statpipe.engine.gold.computed import computed, connected
from statpipe.engine.site.site import Site

if TYPE_CHECKING:
    import pyarrow as pa

_TOLD = ("area_name", "category_name")
"""Columns of names, which are added to the codes if the model has them."""
_UNIT = ("unit", "unit_mult", "obs_status")


def differences(
    site: Site,
    name: str,
    wanted: Mapping[str, Sequence[str]],
    first: date,
    last: date | None = None,
    *,
    words: Words = OPTIONS,
) -> tuple[Model, pa.Table]:
    """
    Return the figures of a model that differ between the *first* date and the *last* one, or now.

    :raises ConfigError: The model has no figures or supports no dates, or no chosen row existed on
    either date.
    """
    model = whole_model(site, name)
    if model.measure is None:
        raise ConfigError(f"model {name} has no figures to compare between two dates")
    of_first, of_last = words.of_two_days()
    if last is not None and last < first:
        msg = f"{of_first.day(first)} is after {of_last.day(last)}; swap them"
        raise ConfigError(msg)
    found: list[pa.Table | None] = []
    told: list[NoRows] = []
    for day, dated in ((first, of_first), (last, of_last)):
        try:
            found.append(figures(site, model, wanted, day, words=dated))
        except NoRows as error:  # it exists on only one of the days: it is new, or was removed
            found.append(None)
            told.append(error)
    old, new = found
    if old is None and new is None:
        raise told[-1]
    declared = _declared(model)
    with connected() as connection:
        for relation, table, other in (("old", old, new), ("new", new, old)):
            connection.register(
                relation, other.slice(0, 0) if table is None and other is not None else table
            )
        return declared, computed(connection, declared, _sql(model))


def _declared(model: Model) -> Model:
    by_name = {one.name: one for one in model.columns}
    measure = by_name[str(model.measure)]
    kept = [*model.grain, *(name for name in _TOLD if name in by_name)]
    old, new = (
        attrs.evolve(
            measure,
            name=f"{when}_value",
            description=f"{measure.description}, on the {day} date",
            nullable=True,
            places=f"{when}_decimals" if measure.places in by_name else None,
        )
        for when, day in (("old", "first"), ("new", "last"))
    )
    places = [
        attrs.evolve(by_name[str(measure.places)], name=one.places, nullable=True)
        for one in (old, new)
        if one.places
    ]
    return Model(
        name=f"{model.name}_differences",
        title=f"{model.title}: what changed",
        inputs=(model.name,),
        grain=model.grain,
        columns=(
            *(attrs.evolve(by_name[name], nullable=name not in model.grain) for name in kept),
            Column(name="what", type="text", description="changed, new or gone", nullable=False),
            old,
            new,
            Column(name="difference", type=measure.type, description=(
                "New minus old; empty if the units differ"
            ), unit=measure.unit),
            Column(name="percent", type="double", description=(
                "Difference in per cent of the old figure's absolute value"
            ), unit="%"),
            *places,
        ),
        sql="",
        measure="percent",
    )  # fmt: skip


def _sql(model: Model) -> str:
    names = {one.name for one in model.columns}
    measure, places = model.measure, model.places.get(str(model.measure))
    key = ", ".join(f'"{name}"' for name in model.grain)
    units = [name for name in _UNIT[:2] if name in names]
    same = " AND ".join(f'o."{name}" = n."{name}"' for name in units) or "TRUE"
    compared = [name for name in (measure, *_UNIT) if name in names]
    differ = " OR ".join(f'o."{name}" IS DISTINCT FROM n."{name}"' for name in compared)
    told = "".join(f', coalesce(n."{one}", o."{one}") AS "{one}"' for one in _TOLD if one in names)
    printed = f', o."{places}" AS old_decimals, n."{places}" AS new_decimals' if places else ""
    # The difference of two figures may need one digit more than fits.
    moved = f'TRY_CAST(CAST(n."{measure}" AS {{0}}) - o."{measure}" AS {{0}})'
    kind = next(one.type for one in model.columns if one.name == measure)
    moved = moved.format("DECIMAL(38, 18)" if kind == "decimal" else "DOUBLE")
    return f"""
        SELECT {key}{told},
            CASE WHEN o.there IS NULL THEN 'new' WHEN n.there IS NULL THEN 'gone' ELSE 'changed' END AS what,
            o."{measure}" AS old_value, n."{measure}" AS new_value,
            CASE WHEN {same} THEN {moved} END AS difference,
            CASE WHEN {same} AND o."{measure}" <> 0
                 THEN CAST({moved} AS DOUBLE) / abs(CAST(o."{measure}" AS DOUBLE)) * 100 END AS percent
            {printed}
        FROM (SELECT *, 1 AS there FROM old) AS o
        FULL JOIN (SELECT *, 1 AS there FROM new) AS n USING ({key})
        WHERE o.there IS NULL OR n.there IS NULL OR {differ}
    """  # noqa: S608 - names of a declaration
