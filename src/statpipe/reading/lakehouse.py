"""An open environment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import define, field

from statpipe.api import Model
from statpipe.engine.answers.asked import day_asked, days_asked, numbers_asked, rows_asked
from statpipe.engine.answers.cell_history import Cell
from statpipe.engine.answers.figures import figures, whole_model
from statpipe.engine.answers.plain_table import plain_table
from statpipe.engine.answers.vintages import vintages_of
from statpipe.engine.answers.words import ARGUMENTS
from statpipe.engine.site.model_order import sources_of
from statpipe.engine.site.site import Site
from statpipe.reading.figures import Figures, with_floats

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

Wanted = str | int | date | Sequence[str | int | date] | None
"""A value of a column, or several; ``None`` means all."""

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
        ref_area: Wanted = None,
        category: Wanted = None,
        period: Wanted = None,
        dataset: Wanted = None,
        floats: bool = False,
        sink: str | None = None,
        **columns: Wanted,
    ) -> Figures:
        """
        Return figures of a Gold model: the latest ones, or those as of a date.

        Each argument takes a code or several. *period* may be a range, such as ``"2019:2021"``;
        both ends count, and either may be left out. *columns* choose by any other column:
        ``geo_level="state"``. *floats* returns doubles instead of exact decimals. Rows come from
        the lake; *sink* names a database of the environment to read instead, such as
        ``"postgres"``. The rows are the same.

        :raises ConfigError: There is no such model or column, or no such row; the message lists those
            that exist, and since when.
        :raises ContentError: The model was not built yet.
        :raises Unavailable: The lake or the database cannot be reached.
        """
        chosen = {"ref_area": ref_area, "category": category, "period": period, "dataset": dataset}
        day, wanted = day_asked(as_of), rows_asked({**chosen, **columns})
        found = whole_model(self._site, model)
        table = figures(self._site, found, wanted, day, words=ARGUMENTS, sink=sink)
        table = plain_table(table, found)
        return Figures(model, with_floats(table) if floats else table, found)

    def revisions(self, model: str, *, floats: bool = False, **columns: Any) -> Figures:
        """
        Return every revision of a model's figures: what it was, what it became, and when.

        Arguments are those of :meth:`read`.

        :raises ConfigError: The model has no revisions; or as in :meth:`read`.
        """
        named = model if model.endswith(_REVISIONS) else f"{model}{_REVISIONS}"
        return self.read(named, floats=floats, **columns)

    def releases(
        self,
        model: str,
        *,
        nth: int | Sequence[int] | None = None,
        wide: bool = False,
        growth: bool = False,
        **columns: Wanted,
    ) -> Figures:
        """
        Return every figure in every release, even if the release repeated it unchanged.

        ``release`` counts from 0; *nth* chooses releases by that number. With *wide*, there is a row for each period and a column for
        each vintage: the triangle of revisions, of figures or of their *growth*. *columns* choose as in :meth:`read`.

        :raises ConfigError: The model has no history, or no row matches.
        """
        from statpipe.engine.answers.revisions.analysis import releases
        from statpipe.engine.answers.revisions.triangle import triangle

        declared, table = releases(
            self._site, model, rows_asked(columns), nth=numbers_asked(nth), words=ARGUMENTS
        )
        if wide:
            turned = triangle(declared, table, growth=growth)
            return Figures(model, turned.table(), turned=turned)
        return Figures(declared.name, plain_table(table, declared), declared)

    def revision_statistics(
        self,
        model: str,
        *,
        nth: int | Sequence[int] | None = None,
        final: int | None = None,
        growth: bool = False,
        **columns: Wanted,
    ) -> Figures:
        """
        Return statistics of the revisions of each series, from each release, or only from the
        *nth*, to the *final* one.

        The final release is the latest one, or the one with this number. With *growth*, growth
        rates are compared. *columns* choose as in :meth:`read`.

        :raises ConfigError: The model has no history, no such row, or no figure was released twice.
        """
        from statpipe.engine.answers.revisions.analysis import revision_statistics

        declared, table = revision_statistics(
            self._site,
            model,
            rows_asked(columns),
            nth=numbers_asked(nth),
            final=final,
            growth=growth,
            words=ARGUMENTS,
        )
        return Figures(declared.name, plain_table(table, declared), declared)

    def diff(
        self,
        model: str,
        from_: str | date,
        to: str | date | None = None,
        *,
        floats: bool = False,
        **columns: Wanted,
    ) -> Figures:
        """
        Return the figures that differ between the dates *from_* and *to*, or now: ``what`` is
        changed, new or gone; ``old_value``, ``new_value``, ``difference``, ``percent``.

        *columns* choose as in :meth:`read`.

        :raises ConfigError: The model has no figures or supports no dates, or no such row.
        """
        from statpipe.engine.answers.diff import differences

        wanted, (first, last) = rows_asked(columns), days_asked(from_, to)
        declared, table = differences(self._site, model, wanted, first, last, words=ARGUMENTS)
        table = plain_table(table, declared)
        return Figures(declared.name, with_floats(table) if floats else table, declared)

    def search(self, *words: str) -> Figures:
        """
        Return the models, categories and areas whose code, title or unit matches all *words*, best
        match first. Spelling errors are tolerated.

        :raises ConfigError: No word is given.
        """
        from statpipe.engine.answers.search import found_table

        return Figures("search", found_table(self._site, words))

    def models(self) -> Figures:
        """
        Return the Gold models: name, title, grain (the columns that identify rows) and sources.
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
        Return a model's columns: name, type, and description.

        :raises ConfigError: There is no such model.
        """
        import pyarrow as pa

        columns = [
            {"column": one.name, "type": one.type, "description": one.description}
            for one in whole_model(self._site, model).columns
        ]
        return Figures(model, pa.Table.from_pylist(columns))

    def vintages(self, model: str, **wanted: Any) -> Figures:
        """
        Return the vintages behind a model, oldest first: source, dataset, name, the day
        from which it counts, and the origin of that date.

        Arguments choose figures as in :meth:`read`: then only vintages that set one of them are
        returned.

        :raises ConfigError: The model does not exist; or, if figures are chosen, it has no history
        or no such row.
        """
        import pyarrow as pa

        rows = vintages_of(self._site, model, rows_asked(wanted), words=ARGUMENTS)
        return Figures(model, pa.Table.from_pylist(rows))

    def explain(
        self,
        model: str,
        *,
        ref_area: str,
        category: str,
        period: str | int,
        dataset: str | None = None,
        as_of: str | date | None = None,
        **where: str,
    ) -> dict[str, Any]:
        """
        Return where one figure comes from, down to the bytes of the agency's answer, each verified.

        It is the document that ``statpipe explain`` prints as JSON; ``problems`` lists damage.

        :raises ConfigError: There is no such figure, or more than one.
        """
        from statpipe.engine.answers.provenance import explain
        from statpipe.engine.answers.provenance_document import provenance_document

        cell = Cell(
            ref_area=ref_area,
            category=category,
            time_period=str(period),
            dataset=dataset,
            where=where,
        )
        found = whole_model(self._site, model)
        return provenance_document(explain(self._site, found, cell, day_asked(as_of), ARGUMENTS))

    def _models(self) -> list[Model]:
        return list(self._site.registry.models())
