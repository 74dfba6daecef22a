"""What becomes of rows where figures change: signs, missing figures, zeros, digits, periods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import frozen

from statpipe.api import Model
from statpipe.testing.model_contract.expected import standard_models
from statpipe.testing.model_contract.fixtures import ModelFixtures
from statpipe.testing.model_contract.grain import finite
from statpipe.testing.model_contract.other_histories import (
    CELL,
    Figure,
    in_one,
    in_three_ages,
    last_period,
    negative,
    uneven,
    with_figures,
)
from statpipe.testing.model_contract.running import run
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import broken

if TYPE_CHECKING:
    import pyarrow as pa

Histories = Mapping[str, "pa.Table"]
Row = Mapping[str, Any]

_NUMBERS = frozenset({"decimal", "double"})
_SMALL, _LEVEL, _NEARLY = Decimal("0.0001"), Decimal(100), 1e-3
_PLACES = 6
_ENOUGH = 2


@frozen
class Rows:
    """
    The rows of a model by its grain, and the columns with figures.
    """

    model: Model
    by_key: Mapping[tuple[Any, ...], Row]
    numbers: tuple[str, ...]

    def figures(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        """
        Return the figures of a row.
        """
        return tuple(self.by_key[key][name] for name in self.numbers)


class Changed(ModelFixtures):
    """
    What becomes of rows where figures change: signs, missing figures, zeros, digits, periods.
    """

    @thorough
    def test_a_negative_figure_keeps_its_sign(
        self, models: Sequence[Model], histories: Histories
    ) -> None:
        """What is 0 where a figure is 0 moves with it, up and down: no ABS, no GREATEST, no square."""
        for source in histories:
            for what, around in _around_zero(histories, source):
                at, up, down = (self._own(models, one) for one in around)
                for name, zero in at.items():
                    _is_odd(what, zero, up[name], down[name])

    @thorough
    def test_missing_figures_give_missing_figures(
        self, models: Sequence[Model], histories: Histories
    ) -> None:
        """A missing figure is neither a zero nor another figure."""
        if "missing" in self.depends_on:
            return
        before = self._own(models, histories)
        for source in histories:
            for name, rows in self._own(models, _none_of(histories, source)).items():
                for key, row in rows.by_key.items():
                    _stays_missing(source, before[name], rows, key, row)

    @thorough
    def test_zeros_give_finite_figures_or_missing_ones(
        self, models: Sequence[Model], histories: Histories
    ) -> None:
        """An agency may publish a zero wherever it likes."""
        for source in histories:
            zeros = in_one(histories, source, lambda *_: Decimal(0))
            for model, columns, rows in run(models, zeros):
                finite(model, [name for name, _ in columns], rows)

    @thorough
    def test_rows_do_not_depend_on_the_size_of_figures(
        self, models: Sequence[Model], histories: Histories
    ) -> None:
        """Negative figures and equal ones have rows as well."""
        before = self._own(models, histories)
        level = {n: with_figures(t, lambda *_: _LEVEL) for n, t in histories.items()}
        for what, changed in (("negative", negative(histories)), ("100", level)):
            for name, rows in self._own(models, changed).items():
                lost = [key for key in before[name].by_key if key not in rows.by_key]
                if lost:
                    broken(
                        f"where all figures are {what}, model {name} gives no row for {_told(lost[0])}",
                        "leave out no row because of its figures; if the model is about some of them, name it in "
                        "`not_in_proportion`",
                    )

    @thorough
    def test_computed_figures_are_not_rounded(
        self, models: Sequence[Model], histories: Histories
    ) -> None:
        """Whoever shows a figure rounds it."""
        for name, rows in self._own(models, uneven(histories)).items():
            for column in rows.numbers:
                values = [row[column] for row in rows.by_key.values() if row[column]]
                short = [v for v in values if v == round(v, _PLACES)]
                if len(set(values)) >= _ENOUGH and len(short) == len(values):
                    broken(
                        f"model {name} gives {short[0]} as {column}, and no more places anywhere, of figures that have many",
                        "do not round in SQL; if the column is a whole number, declare it as integer, or name the model "
                        "in `not_in_proportion`",
                    )

    @thorough
    def test_all_years_are_treated_the_same_way(
        self, models: Sequence[Model], histories: Histories
    ) -> None:
        """Whatever years there are, and however many lie between two of them."""
        if "years" in self.depends_on:
            return
        before = {model.name: len(rows) for model, _, rows in run(models, histories)}
        for model, _, rows in run(models, in_three_ages(histories)):
            known = model.name in standard_models(models)
            if not known and len(rows) != 3 * before[model.name]:
                broken(
                    f"with the same figures 400 years before and after as well, model {model.name} gives {len(rows)} rows; "
                    f"expected three times the {before[model.name]} that it gives now",
                    "write no year into the SQL, and join on the period as well; if the model is about some years, or about "
                    'the last one, set `depends_on = frozenset({"years"})` in the class',
                )

    @thorough
    def test_figures_stay_in_their_period(
        self, models: Sequence[Model], histories: Histories
    ) -> None:
        """What changes in a period changes rows of that period."""
        last = last_period(histories)
        if "period" in self.depends_on or not last:
            return
        more = lambda cell, v: v * 3 + 1 if cell["time_period"] == last else v  # noqa: E731
        changed = {name: with_figures(table, more) for name, table in histories.items()}
        before = self._own(models, histories)
        for name, rows in self._own(models, changed).items():
            was = before[name]
            moved = [
                key
                for key in rows.by_key
                if key in was.by_key and rows.figures(key) != was.figures(key)
            ]
            periods = {
                str(one.get("time_period", one.get("year", "")))
                for one in map(rows.by_key.get, moved)
                if one
            }
            if periods - {""} and not any(last.startswith(one) for one in periods):
                broken(
                    f"figures of {last} change, and model {name} changes rows of {', '.join(sorted(periods))} alone",
                    "give each row the period of the figures that it is of; if it is of another one on purpose, set "
                    '`depends_on = frozenset({"period"})` in the class',
                )

    def _own(self, models: Sequence[Model], histories: Histories) -> dict[str, Rows]:
        """Run the models, and return the rows of the author's own models."""
        spared = {*standard_models(models), *self.not_in_proportion}
        found = {}
        for model, columns, rows in run(models, histories):
            if model.name not in spared:
                names = [name for name, _ in columns]
                listed = [dict(zip(names, row, strict=True)) for row in rows]
                found[model.name] = Rows(
                    model=model,
                    by_key={tuple(row[part] for part in model.grain): row for row in listed},
                    numbers=tuple(c.name for c in model.columns if c.type in _NUMBERS),
                )
        return found


def _around_zero(
    histories: Histories, source: str
) -> Iterator[tuple[str, tuple[Histories, Histories, Histories]]]:
    """Return histories in which all figures are 0 or equal, slightly more, and slightly less."""

    def three(change: Any) -> tuple[Histories, Histories, Histories]:
        sizes = (Decimal(0), _SMALL, -_SMALL)
        return tuple(in_one(histories, source, change(size)) for size in sizes)  # type: ignore[return-value]

    def all_of_them(size: Decimal) -> Figure:
        return lambda *_: size

    yield f"all figures of {source} are 0", three(all_of_them)
    cells = histories[source].select([*CELL, "obs_value"]).to_pylist()
    shown = [tuple(one[n] for n in CELL) for one in cells if one["obs_value"] is not None]
    if not shown:
        return
    chosen = max(shown, key=lambda cell: (cell[2], cell))

    def one_of_them(size: Decimal) -> Figure:
        return lambda cell, v: size if tuple(cell[n] for n in CELL) == chosen else v

    def beside_others(size: Decimal) -> Figure:
        return lambda cell, _: _LEVEL + (size if tuple(cell[n] for n in CELL) == chosen else 0)

    yield f"the figure of {' '.join(chosen)} is 0", three(one_of_them)
    yield f"all figures of {source} are 100", three(beside_others)


def _is_odd(what: str, zero: Rows, up: Rows, down: Rows) -> None:
    __tracebackhide__ = True
    for key in zero.by_key:
        if key not in up.by_key or key not in down.by_key:
            continue
        for name in zero.numbers:
            at, more, less = (one.by_key[key][name] for one in (zero, up, down))
            if at is None or at != 0 or more is None or less is None or more == less == 0:
                continue
            if abs(float(more) + float(less)) > _NEARLY * max(abs(float(more)), abs(float(less))):
                broken(
                    f"model {zero.model.name} says 0 as {name} of {_told(key)} where {what}; a figure moves a little up, "
                    f"and it says {more}; a little down, and it says {less}",
                    "lose no sign: no ABS, no GREATEST, no square; if that is meant, name the model in "
                    "`not_in_proportion`",
                )


def _none_of(histories: Histories, source: str) -> Histories:
    return in_one(histories, source, lambda *_: None)


def _stays_missing(source: str, was: Rows, rows: Rows, key: tuple[Any, ...], row: Row) -> None:
    __tracebackhide__ = True
    for name in rows.numbers:
        before = was.by_key.get(key, {}).get(name)
        if row[name] is not None and before != row[name]:
            broken(
                f"where {source} shows no figure at all, model {rows.model.name} says {row[name]} as {name} of "
                f"{_told(key)}",
                "let a missing figure be missing in what is computed of it: no COALESCE to a number; if the model fills "
                'figures in, set `depends_on = frozenset({"missing"})` in the class',
            )


def _told(key: Sequence[Any]) -> str:
    return " ".join(map(str, key))
