"""An environment that is open for questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import define, field

from statpipe.api import Model
from statpipe.engine.answers.as_of import day_of, latest_table, rows_as_of
from statpipe.engine.answers.cell_history import Cell
from statpipe.engine.answers.rows import chosen_rows
from statpipe.engine.gold.dimensions import with_dimensions
from statpipe.engine.record.records import held_of
from statpipe.engine.site.model_order import sources_of
from statpipe.engine.site.nearest import nearest
from statpipe.engine.site.site import Site
from statpipe.reading.figures import Figures, with_floats
from statpipe.reading.words import in_python

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

Wanted = str | int | Sequence[str | int]
"""A value of a column, or several."""

_REVISIONS = "_revisions"


@define(eq=False)
class Lakehouse:
    """
    The lake of an environment. Use it as a context manager, or close it.
    """

    _site: Site = field(repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def environment(self) -> str:
        """
        The name of the environment.
        """
        return self._site.environment.name

    def close(self) -> None:
        """
        Close what is open.
        """
        self._site.close()

    def read(
        self,
        model: str,
        *,
        as_of: str | date | None = None,
        ref_area: Wanted = (),
        category: Wanted = (),
        period: Wanted = (),
        dataset: Wanted = (),
        floats: bool = False,
        **columns: Wanted,
    ) -> Figures:
        """
        Return figures of a Gold model: the latest, or as they were believed on a day.

        Each argument takes a code or several. *period* may be a range, such as ``"2019:2021"``; both ends
        count, and either may be left out. *columns* choose by any other column: ``geo_level="state"``.
        *floats* gives doubles in place of exact decimals.

        :raises ConfigError: There is no such model or column, or no such row; the message says what there
            is, and since when.
        :raises ContentError: The model was not made yet.
        """
        asked = {"ref_area": ref_area, "category": category, "dataset": dataset, **columns}
        asked["time_period"] = period
        wanted = {name: texts for name, value in asked.items() if (texts := _texts(value))}
        with in_python():
            found = self._found(model)
            every = self._models()
            if as_of is None:
                table = chosen_rows(latest_table(self._site.lake, every, found), found, wanted)
            else:
                day = as_of if isinstance(as_of, date) else day_of(as_of)
                table = rows_as_of(self._site.lake, every, found, day, wanted)
        return Figures(model, with_floats(table) if floats else table, found)

    def revisions(self, model: str, *, floats: bool = False, **columns: Any) -> Figures:
        """
        Return every revision of a model's figures: what it was, what it became, and when.

        Arguments are those of :meth:`read`.

        :raises ConfigError: The model has no revisions, or as :meth:`read` raises it.
        """
        named = model if model.endswith(_REVISIONS) else f"{model}{_REVISIONS}"
        return self.read(named, floats=floats, **columns)

    def models(self) -> Figures:
        """
        Return the Gold models: name, title, grain (the columns that tell rows apart) and sources.
        """
        import pyarrow as pa

        every = self._models()
        rows = [
            {
                "model": one.name,
                "title": one.title,
                "grain": list(one.grain),
                "sources": sources_of(every, one),
            }
            for one in every
        ]
        return Figures("models", pa.Table.from_pylist(rows))

    def describe(self, model: str) -> Figures:
        """
        Return a model's columns: name, type, and what they hold.

        :raises ConfigError: There is no such model.
        """
        import pyarrow as pa

        columns = [
            {"column": one.name, "type": one.type, "description": one.description}
            for one in self._found(model).columns
        ]
        return Figures(model, pa.Table.from_pylist(columns))

    def vintages(self, model: str) -> Figures:
        """
        Return the vintages that a model is made of, oldest first: source, dataset, name, the day from which
        it counts, and who dates it.

        :raises ConfigError: There is no such model.
        """
        import pyarrow as pa

        found = self._found(model)
        rows = [
            {
                "source": name,
                "dataset": held.dataset,
                "vintage": held.vintage.id,
                "released": held.released,
                "basis": held.basis,
                "note": held.vintage.note,
            }
            for name in sources_of(self._models(), found)
            for held in held_of(self._site.lake, name)
            if held.fingerprint
        ]
        rows.sort(key=lambda row: (row["released"], row["source"], row["dataset"], row["vintage"]))
        return Figures(model, pa.Table.from_pylist(rows))

    def explain(
        self,
        model: str,
        *,
        ref_area: str,
        category: str,
        period: str,
        dataset: str | None = None,
        as_of: str | date | None = None,
        **where: str,
    ) -> dict[str, Any]:
        """
        Return where one figure comes from, down to the bytes of the agency's answer, each verified.

        It is the document that ``statpipe explain`` prints as JSON; ``problems`` names what is damaged.

        :raises ConfigError: There is no such figure, or more than one.
        """
        from statpipe.engine.answers.provenance import explain
        from statpipe.engine.answers.provenance_document import provenance_document

        cell = Cell(
            ref_area=ref_area,
            category=category,
            time_period=period,
            dataset=dataset,
            where=where,
        )
        with in_python():
            day = as_of if isinstance(as_of, date) or as_of is None else day_of(as_of)
            return provenance_document(explain(self._site, self._declared(model), cell, day))

    def _models(self) -> list[Model]:
        return list(self._site.registry.models())

    def _declared(self, name: str) -> Model:
        every = {one.name: one for one in self._models()}
        if name not in every:
            from statpipe.api import ConfigError

            raise ConfigError(f"no model is named {name!r}{nearest(name, every)}")
        return every[name]

    def _found(self, name: str) -> Model:
        return with_dimensions(
            self._models(), self._declared(name), partial(held_of, self._site.lake)
        )


def _texts(value: Wanted) -> tuple[str, ...]:
    if isinstance(value, str | int):
        return (str(value),)
    return tuple(map(str, value))
