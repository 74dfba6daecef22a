"""Writes a table in the requested form: for people or for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import ConfigError, Model
from statpipe.cli.common_options import TableOptions
from statpipe.cli.duckdb_file import write_duckdb
from statpipe.engine.answers.printed_rows import printed_rows
from statpipe.engine.answers.wide import PERIOD, Wide, varying, wide

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class Answer:
    """
    A table with the model that declares it. ``words`` is added to the title, such as the date.
    """

    model: Model
    table: pa.Table = field(repr=False)
    words: str = ""
    turned: Wide | None = None

    def write(self, options: TableOptions) -> None:
        """
        Write the table in the requested form.
        """
        if options.wide or self.turned is not None:
            self._write_wide(self.turned or turned(self.model, self.table), options)
            return
        from statpipe.cli import exports

        if options.csv:
            exports.write_rows_as_csv(self.table, self.model, safe=options.safe_csv)
        elif options.json:
            exports.write_rows_as_json(self.table, self.model)
        elif options.parquet:
            exports.write_rows_as_parquet(self.table, self.model, options.parquet)
        elif options.duckdb:
            write_duckdb(options.duckdb, [(self.model, self.table)])
        elif options.xlsx:
            rows = [tuple(row.values()) for row in printed_rows(self.table, self.model)]
            self._write_workbook(options.xlsx, self.table.column_names, rows)
        else:
            from statpipe.cli.series import People

            People(model=self.model, table=self.table, limit=options.limit, words=self.words).show()

    def _write_wide(self, rows: Wide, options: TableOptions) -> None:
        from statpipe.cli import exports
        from statpipe.cli.session import write_json
        from statpipe.engine.answers.exact_value import exact

        if options.csv:
            exports.write_csv(rows.columns, rows.rows, safe=options.safe_csv)
        elif options.json:
            write_json([dict(zip(rows.columns, map(exact, row), strict=True)) for row in rows.rows])
        elif options.parquet:
            exports.write_table_as_parquet(rows.table(), options.parquet)
        elif options.duckdb:
            raise ConfigError("--duckdb cannot be combined with --wide; leave out one of them")
        elif options.xlsx:
            self._write_workbook(options.xlsx, rows.columns, rows.rows)
        else:
            from statpipe.cli.series import People

            people = People(
                model=self.model, table=self.table, limit=options.limit, words=self.words
            )
            _print_wide(people.heading(), rows, options.limit)

    def _write_workbook(
        self, path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]
    ) -> None:
        from statpipe import __version__
        from statpipe.cli.workbook import write_workbook

        about = {
            "model": self.model.name,
            "title": f"{self.model.title}{self.words}",
            "rows": f"{len(rows):,}",
            "written by": f"statpipe {__version__}",
        }
        write_workbook(path, columns, rows, self.model, about)


def turned(model: Model, table: pa.Table) -> Wide:
    """
    Pivot a model's rows: one row per period, one column per series.

    :raises ConfigError: The model has no periods, or no figure to show.
    """
    if PERIOD not in model.grain or model.measure is None:
        raise ConfigError(
            f"--wide needs a model with a figure for each period; {model.name} has none"
        )
    across = varying(table, [name for name in model.grain if name != PERIOD])
    places = [model.places[model.measure]] if model.measure in model.places else []
    needed = dict.fromkeys([PERIOD, *across, model.measure, *places])
    rows = printed_rows(table.select(list(needed)), model)
    return wide(rows, index=(PERIOD,), across=across, measure=model.measure)


def _print_wide(heading: Sequence[str], rows: Wide, limit: int) -> None:
    from statpipe.cli.figures import at_the_point, readable
    from statpipe.cli.tables import print_table
    from statpipe.cli.terminal import say, say_wrapped

    for line in heading:
        say_wrapped(line)
    say()
    shown = rows.rows[:limit]
    cells = {
        name: [readable(row[place]) for row in shown] for place, name in enumerate(rows.columns)
    }
    cells |= {name: at_the_point(cells[name]) for name in rows.across}
    print_table(
        "",
        rows.columns,
        list(zip(*cells.values(), strict=True)),
        right=rows.across,
        # Show the newest ones.
        less=tuple(reversed(rows.across[:-1])),
    )
    if len(rows.rows) > len(shown):
        say()
        say(f"{len(rows.rows) - len(shown):,} more rows: choose fewer, or use --limit or --csv")
