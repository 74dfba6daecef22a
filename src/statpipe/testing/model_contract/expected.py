"""The figures that the SQL gives are those that the author has worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import TYPE_CHECKING, Any, get_args

from statpipe.api import Model
from statpipe.api.gold import gold_models
from statpipe.domain.period import Frequency
from statpipe.testing.model_contract.fixtures import Expected, ModelFixtures
from statpipe.testing.model_contract.running import run
from statpipe.testing.wording import broken, not_tested

if TYPE_CHECKING:
    import pyarrow as pa

_HISTORY = "_history"
_CLOSE = 1e-9
_NUMBERS = frozenset({"decimal", "double"})
_CODES = get_args(Frequency)
_FREQUENCIES = (*_CODES, *map("".join, combinations(_CODES, 2)), "".join(_CODES), "ASTQMWDB")


class Figures(ModelFixtures):
    """
    The figures that the SQL gives are those that the author has worked out by hand.
    """

    def test_the_figures_equal_those_computed_by_hand(
        self,
        models: Sequence[Model],
        histories: Mapping[str, pa.Table],
        expected: Expected | None,
    ) -> None:
        """The same units, digits, signs and years, and no missing figure has become zero."""
        unknown = sorted(set(expected or {}) - {model.name for model in models})
        if unknown:
            broken(
                f"the fixture `expected` names {unknown[0]}, which is no model", "correct its name"
            )
        for model, columns, rows in run(models, histories) if expected else ():
            names = [name for name, _ in columns]
            given = [dict(zip(names, row, strict=True)) for row in rows]
            for wanted in (expected or {}).get(model.name, ()):
                _holds(model, given, wanted)
        standard = standard_models(models)
        lacking = [m.name for m in models if m.name not in {*standard, *(expected or {})}]
        if lacking:
            not_tested(
                f"whether the figures of {', '.join(lacking)} are right",
                "the fixture `expected`: by model, a few rows worked out by hand, as mappings of the grain and the "
                "figures as text; a negative one, one that is missing (None) and one of another year among them",
            )
        for model in models:
            if model.name in (expected or {}):
                _covers(model, (expected or {})[model.name])


def standard_models(models: Sequence[Model]) -> set[str]:
    """
    Return the names of models with the SQL of :func:`statpipe.api.gold.gold_models`, for which
    statpipe itself is responsible.
    """
    by_name = {model.name: model for model in models}
    found: set[str] = set()
    for name, model in by_name.items():
        if name.endswith(_HISTORY) and len(model.inputs) == 1:
            base = name.removesuffix(_HISTORY)
            family = {one for one in by_name if one == base or one.startswith(f"{base}_")}
            for freq in _FREQUENCIES:
                if family <= found:
                    break
                made = gold_models(name=base, source=model.inputs[0], title=base, freq=freq)
                found |= {m.name for m in made if m.name in family and by_name[m.name].sql == m.sql}
    return found


def _covers(model: Model, rows: Sequence[Mapping[str, Any]]) -> None:
    """What no row of `expected` names may be anything."""
    named = {name for row in rows for name in row}
    lacking = [c.name for c in model.columns if c.name not in named]
    if lacking:
        not_tested(
            f"whether {', '.join(lacking)} of {model.name} are right",
            "name all columns in a row of the fixture `expected`",
        )
    optional = [c.name for c in model.columns if c.nullable and c.type in _NUMBERS]
    if optional and all(row.get(name) is not None for row in rows for name in optional):
        not_tested(
            f"whether {model.name} leaves missing what is missing",
            f"a row of the fixture `expected` in which {optional[0]} is None, and `histories` with such a figure",
        )


def _holds(model: Model, rows: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]) -> None:
    __tracebackhide__ = True
    key = {name: value for name, value in wanted.items() if name in model.grain}
    where = " ".join(map(str, key.values()))
    there = [row for row in rows if all(_same(row[name], value) for name, value in key.items())]
    if len(there) != 1:
        broken(
            f"model {model.name} gives {len(there)} rows for {where or wanted}; expected one",
            f"name all of {', '.join(model.grain)} in the row of the fixture `expected`, or correct the SQL",
        )
    for name, value in wanted.items():
        if name not in there[0]:
            broken(f"model {model.name} has no column {name}", "correct the fixture `expected`")
        if not _same(there[0][name], value):
            broken(
                f"model {model.name} says {there[0][name]} as {name} of {where}; expected {value}",
                "correct the SQL (its unit, sign, rounding, what a missing figure becomes, or the period that it "
                "joins), or what you have worked out",
            )


def _same(found: Any, wanted: Any) -> bool:
    if found is None or wanted is None:
        return found is wanted
    if isinstance(found, date):
        return found.isoformat() == str(wanted)
    if isinstance(found, str):
        return bool(found == wanted)
    try:
        number = Decimal(str(wanted))
    except InvalidOperation:
        return False
    if isinstance(found, float):
        return math.isclose(found, float(number), rel_tol=_CLOSE)
    return bool(Decimal(found) == number)
