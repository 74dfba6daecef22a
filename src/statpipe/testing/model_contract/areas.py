"""No area and no row is left out without a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from statpipe.api import Model
from statpipe.testing.model_contract.fixtures import ModelFixtures
from statpipe.testing.model_contract.rows import is_same
from statpipe.testing.model_contract.running import run
from statpipe.testing.model_contract.words import without_texts
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import broken

if TYPE_CHECKING:
    import pyarrow as pa

_ENDS = ("limit", "fetch")


class Areas(ModelFixtures):
    """
    No area and no row is left out without a reason.
    """

    @thorough
    def test_all_areas_are_treated_the_same_way(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """If areas of one level swap their names, the rows swap them as well."""
        levels = [_levels(table) for table in histories.values()]
        renamed = {old: new for names in levels for old, new in _next_ones(names).items()}
        others = {name: _with_names(table, renamed) for name, table in histories.items()}
        before = {model.name: rows for model, _, rows in run(models, histories)}
        for model, columns, rows in run(models, others):
            names = [name for name, _ in columns]
            told = [n for n, column in enumerate(model.columns) if column.type != "text"]
            places = [names.index(model.columns[n].name) for n in told]
            keys = [names.index(name) for name in model.grain]
            wanted = {
                tuple(renamed.get(row[k], row[k]) for k in keys): [row[p] for p in places]
                for row in before[model.name]
            }
            found = {tuple(row[k] for k in keys): [row[p] for p in places] for row in rows}
            for key in sorted({*wanted, *found}, key=str):
                if not _alike(wanted.get(key), found.get(key)):
                    _tell(model, key, wanted.get(key), found.get(key))

    def test_no_row_is_cut_off(self, models: Sequence[Model]) -> None:
        """A table has all rows: the agency decides how many there are."""
        for model in models:
            word = _at_the_end(without_texts(model.sql))
            if word:
                broken(
                    f"the SQL of model {model.name} ends with {word.upper()}, which leaves out rows",
                    f"take {word.upper()} out; readers choose how many rows they want",
                )


def _levels(history: pa.Table) -> Mapping[str, set[str]]:
    """Return the areas of each level."""
    levels: dict[str, set[str]] = defaultdict(set)
    for level, area in zip(
        *(history[n].to_pylist() for n in ("geo_level", "ref_area")), strict=True
    ):
        levels[str(level)].add(area)
    return levels


def _next_ones(levels: Mapping[str, set[str]]) -> dict[str, str]:
    """Return a mapping from each area to the next one of its level."""
    return {
        area: after
        for areas in map(sorted, levels.values())
        for area, after in zip(areas, [*areas[1:], areas[0]], strict=True)
    }


def _with_names(history: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """Return the history with other names of areas, and the descriptions of these."""
    import pyarrow as pa

    described = [
        n
        for n in ("ref_area", "geo_name", "geo_level", "geo_fips", "iso_3166")
        if n in history.column_names
    ]
    rows = history.select(described).to_pylist()
    known = {row["ref_area"]: row for row in rows}
    for name in described:
        place = history.schema.get_field_index(name)
        texts = [known.get(names.get(row["ref_area"], ""), row)[name] for row in rows]
        column = pa.array(texts, history.schema.field(place).type)
        history = history.set_column(place, history.schema.field(place), column)
    return history


def _alike(one: Sequence[Any] | None, other: Sequence[Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(map(is_same, one, other))


def _tell(model: Model, key: tuple[Any, ...], wanted: Any, found: Any) -> None:
    __tracebackhide__ = True
    where = " ".join(map(str, key))
    what = "no row" if found is None else f"{found}"
    broken(
        f"areas of one level changed names, and model {model.name} gives {what} for {where}; expected "
        f"{'no row' if wanted is None else wanted}, as for the area whose figures these are",
        "take what names an area out of the SQL, and order ties by figures; if one area is meant, give "
        "`histories` in which it is the only one of its level",
    )


def _at_the_end(sql: str) -> str:
    """Return the keyword by which the outermost SELECT leaves out rows, if any."""
    depth, outermost = 0, []
    for word in sql.replace("(", " ( ").replace(")", " ) ").lower().split():
        depth += {"(": 1, ")": -1}.get(word, 0)
        if not depth:
            outermost.append(word)
    return next((word for word in outermost if word in _ENDS), "")
