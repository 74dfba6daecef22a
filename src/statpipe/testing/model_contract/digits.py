"""Figures that the SQL passes on, adds or subtracts keep all their digits.

All figures of the histories are divided by a million (or multiplied by it). A column of decimals
must then change by the same factor, or stay the same::

    figures read      101.123456789      0.000101123456789
    passed on         101.123456789      0.000101123456789
    rounded           101.12             0.00                 <- caught
    through a float   101.123456789      0.00010112345678900001
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from statpipe.api import Model
from statpipe.domain.printed import exact_type
from statpipe.testing.model_contract.fixtures import ModelFixtures
from statpipe.testing.model_contract.rows import in_order
from statpipe.testing.model_contract.running import run
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import broken, not_tested

if TYPE_CHECKING:
    import pyarrow as pa

_POWER, _DEGREES, _CLOSE = 6, 3, 1e-6
_BEFORE, _BEHIND = 20 - _POWER, 18 - _POWER
_REMEDY = (
    "keep decimals decimal: no ROUND, no cast to another type and back; if the column does not grow with "
    "the figures that are read, name the model in `not_in_proportion`"
)


class Digits(ModelFixtures):
    """
    Figures keep all their digits.
    """

    @thorough
    def test_decimals_keep_all_their_digits(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """Figures that are a millionth give decimals that are a millionth."""
        exact = [m for m in models if _figures(m) and m.name not in self.not_in_proportion]
        power = _power(histories)
        if exact and power is None:
            not_tested(
                f"whether {', '.join(m.name for m in exact)} keep all digits of the figures that they read",
                f"`histories` whose figures all have at most {_BEHIND} places, or {_BEFORE} digits before the point",
            )
        if not exact or power is None:
            return
        before = {m.name: (m, columns, rows) for m, columns, rows in run(models, histories)}
        scaled = {name: _scaled(table, power) for name, table in histories.items()}
        for model, columns, rows in run(models, scaled):
            if model in exact:
                was = in_order(model, columns, before[model.name][2])
                _in_proportion(model, columns, was, in_order(model, columns, rows), power)


def _in_proportion(
    model: Model,
    columns: Sequence[tuple[str, str]],
    was: Sequence[tuple[Any, ...]],
    now: Sequence[tuple[Any, ...]],
    power: int,
) -> None:
    __tracebackhide__ = True
    much = "a millionth of" if power < 0 else "a million times"
    if len(was) != len(now):
        broken(
            f"model {model.name} gives {len(now)} rows where all figures that it reads are {much} "
            f"what they were, and {len(was)} before",
            _REMEDY,
        )
    names = [name for name, _ in columns]
    for name in _doubles(model):
        place = names.index(name)
        _is_homogeneous(
            model, name, [(row[place], other[place]) for row, other in zip(was, now, strict=True)]
        )
    for name in _decimals(model):
        place = names.index(name)
        pairs = [(row, row[place], other[place]) for row, other in zip(was, now, strict=True)]
        if all(one == other for _, one, other in pairs):
            continue
        for row, one, other in pairs:
            wanted = None if one is None else Decimal(one).scaleb(power)
            if other != wanted:
                key = " ".join(str(row[names.index(part)]) for part in model.grain)
                broken(
                    f"model {model.name} says {one} as {name} of {key}, and {other} where all figures that "
                    f"it reads are {much} what they were; expected {wanted}",
                    _REMEDY,
                )


def _is_homogeneous(model: Model, name: str, pairs: Sequence[tuple[Any, Any]]) -> None:
    """A sum is a millionth, a share is what it was, and what a figure is divided by makes it a million times as much."""
    __tracebackhide__ = True
    for one, other in pairs:
        alike = one is None and other is None
        if one is not None and other is not None:
            powers = (10.0 ** (_POWER * times) for times in range(-_DEGREES, _DEGREES + 1))
            alike = any(math.isclose(one * power, other, rel_tol=_CLOSE) for power in powers)
        if not alike:
            broken(
                f"model {model.name} says {one} as {name}, and {other} where all figures that it reads are a millionth or a "
                "million times what they were",
                "take figures as they are: no cast to a whole number, no ROUND, no threshold; if that is meant, name the "
                "model in `not_in_proportion`",
            )


def _figures(model: Model) -> list[str]:
    return _decimals(model) + _doubles(model)


def _decimals(model: Model) -> list[str]:
    return [column.name for column in model.columns if column.type == "decimal"]


def _doubles(model: Model) -> list[str]:
    return [column.name for column in model.columns if column.type == "double"]


def _power(histories: Mapping[str, pa.Table]) -> int | None:
    """Return the power of ten by which all figures can be multiplied without losing a digit."""
    figures = [v for table in histories.values() for v in table["obs_value"].to_pylist() if v]
    if all(_places(value) <= _BEHIND for value in figures):
        return -_POWER
    return _POWER if all(abs(value) < 10**_BEFORE for value in figures) else None


def _places(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))


def _scaled(history: pa.Table, power: int) -> pa.Table:
    import pyarrow as pa

    values = [v if v is None else v.scaleb(power) for v in history["obs_value"].to_pylist()]
    place = history.schema.get_field_index("obs_value")
    return history.set_column(place, history.schema.field(place), pa.array(values, exact_type()))
