"""A Gold table for people: one series as a column of figures, several with one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from statpipe.api import Model
from statpipe.cli.figures import at_the_point, readable
from statpipe.cli.line_chart import LEAST_FIGURES, LEAST_ROOM, SIGNS, line_chart
from statpipe.cli.sparkline import BLOCKS, LETTERS, sparkline
from statpipe.cli.tables import print_table, text_width
from statpipe.cli.terminal import is_terminal, say, say_wrapped, shown, speaks, width
from statpipe.domain.canonical import canonical
from statpipe.domain.codes import codes_or_values
from statpipe.domain.key_order import key_codes
from statpipe.domain.observation import NORMAL
from statpipe.engine.answers.printed_rows import printed_rows

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]

_PERIOD = "time_period"
_NAMES = {"ref_area": "area_name", "category": "category_name"}
_DESCRIBED = {
    "time_period": ("freq", "period_start", "period_end", "year"),
    "ref_area": ("geo_level", "geo_fips", "state_fips", "iso_3166"),
    "category": ("parent_category", "top_category", "sign", "category_depth", "category_path"),
    "unit": ("unit_mult",),
    "value": ("decimals", "value_float"),
}
"""Columns that repeat what another column says."""
_NUMBERS = ("decimal", "double", "integer", "small")
_BETWEEN = 2
"""Blanks between columns."""


@frozen(kw_only=True)
class People:
    """
    Rows of a model for people. ``words`` is added to the title, such as the date.
    """

    model: Model
    table: pa.Table = field(repr=False, converter=canonical)
    limit: int
    words: str = ""

    def show(self) -> None:
        """
        Print a heading with all common values, then the rest as a table.
        """
        if not len(self.table):
            say(f"{self.model.title}{self.words}")
            say("no rows")
            return
        for line in self.heading():
            say_wrapped(line)
        if self._count == 1 or not self._has(_PERIOD):
            self._show_rows()
        elif self._distinct(_PERIOD) > 1 and self.model.measure and self._by_period:
            names = [name for code in self._key for name in (code, _NAMES.get(code))]
            for one in self._by_frequency:
                one.show_series(self.model.measure, [n for n in names if n in self._varying])
        else:
            self._show_rows()

    # --- listings --------------------------------------------------------------------------------

    @cached_property
    def _types(self) -> dict[str, str]:
        # A lake written by another version of the plugin may lack a column until the next run.
        there = self.table.column_names
        return {one.name: one.type for one in self.model.columns if one.name in there}

    @cached_property
    def _key(self) -> list[str]:
        """Return the columns that distinguish series."""
        return [n for n in self._grain if n != _PERIOD and not n.endswith("vintage")]

    @cached_property
    def _grain(self) -> list[str]:
        return [name for name in self.model.grain if self._types.get(name) == "text"]

    @cached_property
    def _varying(self) -> set[str]:
        return {name for name in self._types if self._distinct(name) > 1}

    @cached_property
    def _hidden(self) -> set[str]:
        """Return redundant columns, and the status if it replaces missing figures."""
        if not self._has(_PERIOD):
            return set()
        hidden = {one for by, ones in _DESCRIBED.items() if self._has(by) for one in ones}
        hidden |= {"source_symbol"} | self._as_usual
        return hidden if self._status_beside_a_figure else hidden | {"obs_status"}

    @cached_property
    def _as_usual(self) -> set[str]:
        """Hide who dates a release if it is always the agency, which is the common case."""
        if not self._has("basis") or set(self.table["basis"].to_pylist()) != {"agency"}:
            return set()
        return {"basis", "seen_before"}

    @cached_property
    def _status_beside_a_figure(self) -> bool:
        import pyarrow.compute as pc

        if not (self._has("obs_status") and self._has("value")):
            return True
        special = pc.not_equal(self.table["obs_status"].cast("string"), NORMAL)
        return bool(pc.any(pc.and_(special, pc.is_valid(self.table["value"]))).as_py())

    @cached_property
    def _codes(self) -> Any:
        """Return a number per row, equal for rows of the same series, in natural order."""
        import pyarrow as pa

        if not self._key:
            return pa.nulls(len(self.table), pa.int64()).fill_null(0)
        return key_codes(self.table, self._key)

    @cached_property
    def _series(self) -> Any:
        import pyarrow.compute as pc

        found = pc.unique(self._codes)
        return found.take(pc.sort_indices(found))

    @property
    def _count(self) -> int:
        return len(self._series)

    @property
    def _by_period(self) -> bool:
        """Return whether a series has one figure per period. Changes may have more."""
        return set(self._grain) <= {*self._key, _PERIOD} and self._once_a_period

    @cached_property
    def _by_frequency(self) -> list[People]:
        """
        Return the rows by frequency, because months and years have no common first and last period.
        """
        import pyarrow.compute as pc

        if "freq" not in self._varying:
            return [self]
        found = self.table["freq"].cast("string")
        return [
            evolve(self, table=self.table.filter(pc.equal(found, freq)))
            for freq in sorted(pc.unique(found).to_pylist())
        ]

    @cached_property
    def _once_a_period(self) -> bool:
        import pyarrow.compute as pc

        cells = key_codes(self.table, [*self._key, _PERIOD])
        return int(pc.count_distinct(cells).as_py()) == len(cells)

    def _has(self, name: str) -> bool:
        return name in self._types

    def _distinct(self, name: str) -> int:
        import pyarrow.compute as pc

        return int(pc.count_distinct(codes_or_values(self.table[name]), mode="all").as_py())

    # --- heading ---------------------------------------------------------------------------------

    def heading(self) -> list[str]:
        """
        Return the common values of all rows in a few lines.
        """
        first = next(printed_rows(self.table.slice(0, 1), self.model))
        lines = [f"{self.model.title}{self.words}"]
        if not self._has(_PERIOD):
            return lines
        same = [
            name for name in self._types if name not in self._varying and first[name] is not None
        ]
        told = {_PERIOD, self.model.measure, "area_name", "category_name", *_NAMES}
        for code, name in _NAMES.items():
            if code in same:
                words = first.get("category_path") if code == "category" else None
                words = words or first.get(name) or ""
                lines.append(f"{words} ({first[code]})" if words else str(first[code]))
        rest = [str(first["unit"])] if "unit" in same else []
        told |= {"unit", "obs_status", *self._hidden}
        if len(self.table) == 1:
            told |= {name for name, kind in self._types.items() if kind in _NUMBERS}
        rest += [f"{name} {readable(first[name])}" for name in same if name not in told]
        return [*lines, ", ".join(rest)] if rest else lines

    # --- rows ------------------------------------------------------------------------------------

    def _show_rows(self) -> None:
        import pyarrow.compute as pc

        order = pc.sort_indices(key_codes(self.table, self._order))
        rows = list(printed_rows(self.table.take(order[: self.limit]), self.model))
        columns, left_out = self._fitting(
            {name: self._texts(name, rows) for name in self._chosen()}
        )
        right = [name for name in columns if self._types[name] in _NUMBERS]
        self._print(columns, right)
        self._tell_rest(len(self.table) - len(rows), "rows", left_out)
        if self._count == 1 and self._has(_PERIOD) and self.model.measure and self._once_a_period:
            self._draw(self.model.measure)

    @cached_property
    def _order(self) -> list[str]:
        """Return the order of rows: by series, by period, and by other columns of the grain."""
        return [*self._key, *(name for name in self._grain if name not in self._key)]

    def _chosen(self) -> list[str]:
        """Return the columns to show, the most informative first."""
        measure = [self.model.measure] if self.model.measure else []
        always = [_PERIOD] if self._has(_PERIOD) and self._count == 1 else []
        numbers = [name for name, kind in self._types.items() if kind in _NUMBERS]
        if len(self.table) == 1:
            always += numbers
        names = [name for code in self._key for name in (code, _NAMES.get(code)) if name]
        wanted = [*names, _PERIOD, *self.model.grain, *measure, *numbers, *self._types]
        kept = self._varying | {*always, *measure}
        return [
            name
            for name in dict.fromkeys(wanted)
            if name in kept and self._has(name) and name not in self._hidden
        ]

    def _texts(self, name: str, rows: Sequence[Row]) -> list[str]:
        texts = [_cell(row, name, self._types[name]) for row in rows]
        return at_the_point(texts) if self._types[name] in {"decimal", "double"} else texts

    def _fitting(self, columns: Mapping[str, list[str]]) -> tuple[dict[str, list[str]], list[str]]:
        """Leave out the least informative columns if the terminal is too narrow."""
        left = width()
        fitting: dict[str, list[str]] = {}
        for name, texts in columns.items():
            left -= max(map(text_width, [name, *texts])) + _BETWEEN
            if left < -_BETWEEN and fitting:
                break
            fitting[name] = texts
        return fitting, [name for name in columns if name not in fitting]

    # --- series ----------------------------------------------------------------------------------

    def show_series(self, measure: str, names: Sequence[str]) -> None:
        """
        Print a line for each series, under the names of the columns that distinguish them.
        """
        import pyarrow.compute as pc

        first_ones = self._series[: self.limit]
        chosen = self.table.filter(pc.is_in(self._codes, value_set=first_ones))
        rows = printed_rows(chosen, self.model)
        codes = self._codes.filter(pc.is_in(self._codes, value_set=first_ones)).to_pylist()
        groups: dict[int, dict[str, Row]] = {code: {} for code in first_ones.to_pylist()}
        for code, row in zip(codes, rows, strict=True):
            groups[code][row[_PERIOD]] = row
        periods = sorted(set(self.table[_PERIOD].to_pylist()))
        first, last, series = periods[0], periods[-1], list(groups.values())
        columns = {
            name: [shown(readable(next(iter(one.values()))[name])) for one in series]
            for name in names
        }
        kind = self._types[measure]
        for period in (first, last):
            texts = [_cell(one[period], measure, kind) if period in one else "" for one in series]
            columns[f"{measure} {period}"] = at_the_point(texts)
        lines = [_drawn([one[p][measure] if p in one else None for p in periods]) for one in series]
        columns[f"{first} to {last}"] = lines
        self._print(columns, [f"{measure} {first}", f"{measure} {last}"])
        self._tell_rest(self._count - len(series), "series", [])

    def _draw(self, measure: str) -> None:
        rows = sorted(printed_rows(self.table, self.model), key=lambda r: r[_PERIOD])
        present = [row for row in rows if row[measure] is not None]
        if len(rows) == 1 or not present:
            return
        low, high = (pick(present, key=lambda r: r[measure]) for pick in (min, max))
        ends = ", ".join(
            f"{word} {readable(row[measure])} ({row[_PERIOD]})"
            for word, row in (("min", low), ("max", high))
        )
        if is_terminal() and width() >= LEAST_ROOM and len(rows) >= LEAST_FIGURES and speaks(SIGNS):
            _chart(rows, measure, readable(low[measure]), readable(high[measure]))
            say_wrapped(ends)
            return
        line = _drawn([row[measure] for row in rows])
        say()
        say_wrapped(f"{measure} {line}  {ends}")

    # --- common ----------------------------------------------------------------------------------

    def _print(self, columns: Mapping[str, list[str]], right: Sequence[str]) -> None:
        # Aligned here, because rich would strip the blanks that replace missing decimals.
        aligned = {
            name: _at_the_right([name, *texts]) if name in right else [name, *texts]
            for name, texts in columns.items()
        }
        say()
        heads, *rows = zip(*aligned.values(), strict=True)
        print_table("", heads, rows)

    def _tell_rest(self, more: int, what: str, left_out: Sequence[str]) -> None:
        if more > 0:
            say()
            say(f"{more:,} more {what}: choose fewer, or use --limit or --csv")
        if left_out:
            say()
            say_wrapped(f"hidden because the window is narrow: {', '.join(left_out)}")


def _chart(rows: Sequence[Row], measure: str, low: str, high: str) -> None:
    """Draw a line with its extremes at the left, and its first and last period below."""
    values = [None if row[measure] is None else float(row[measure]) for row in rows]
    label = max(len(low), len(high)) + _BETWEEN
    drawn = line_chart(values, width() - label)
    say()
    for place, line in enumerate(drawn):
        text = {0: high, len(drawn) - 1: low}.get(place, "")
        say(line, label=f"{text:>{label - _BETWEEN}}  ")
    first, last = rows[0][_PERIOD], rows[-1][_PERIOD]
    say(f"{first}{last:>{max(len(drawn[0]) - len(first), 0)}}", label=" " * label)
    say()


def _cell(row: Row, name: str, kind: str) -> str:
    """Return a figure, or the reason if the agency shows none."""
    value = row[name]
    if value is not None or kind != "decimal":
        return shown(readable(value))
    status = row.get("obs_status")
    return shown(row.get("source_symbol") or (status if status and status != NORMAL else ""))


def _drawn(values: Sequence[Any]) -> str:
    return sparkline(values, BLOCKS if speaks(BLOCKS) else LETTERS)


def _at_the_right(texts: Sequence[str]) -> list[str]:
    widest = max(map(text_width, texts))
    return [" " * (widest - text_width(text)) + text for text in texts]
