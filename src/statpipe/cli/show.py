"""``statpipe show``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from statpipe.api import ConfigError, ContentError, Model
from statpipe.cli.common_options import TableOptions
from statpipe.cli.duckdb_file import write_duckdb
from statpipe.cli.option_types import Conditions, Name, Names, split
from statpipe.cli.output import Answer
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import say
from statpipe.domain.revision import counted
from statpipe.engine.answers.as_of import day_of
from statpipe.engine.answers.figures import figures, whole_model
from statpipe.engine.gold.maker import gold_key
from statpipe.engine.site.model_order import sources_of
from statpipe.engine.site.site import Site

if TYPE_CHECKING:
    import pyarrow as pa

_FEW = 3


def show(
    model: Name | None = None,
    *,
    area: Names = (),
    category: Names = (),
    dataset: Names = (),
    where: Conditions = (),
    period: Names = (),
    as_of: str | None = None,
    options: TableOptions | None = None,
) -> int:
    """
    Show figures of a Gold model, or list the models.

    Options that choose rows take several values: `--area CA US`, `--area CA,US`, or repeat the
    option. Write the model before the options.

    Parameters
    ----------
    model
        Its name, such as `pce_state`.
    area
        Areas by code, such as `CA` or `CA TX`.
    category
        Categories by code, such as `SAPCE1:1` or `SAPCE1:1,SAPCE1:2`.
    dataset
        Datasets, such as `SAPCE1` or `SAPCE1 SAPCE2`.
    where
        Any other column, such as `geo_level=state` or `geo_level=state,region`.
    period
        Periods, such as `2021` or `2019 2021`, or a range such as `2019:2021`; any common spelling,
        such as `2023Q1` or `2023M01`.
    as_of
        Show the figures that were current on this date, such as `2021-01-01`.
    """
    options = options or TableOptions()

    def work(session: Session) -> int:
        rows = columns_wanted(area, category, dataset, where, period)
        options.refuse_impossible()
        if not model and options.duckdb and not (rows or as_of or options.wide):
            with session.lake() as site:
                count = write_duckdb(options.duckdb, _all_tables(site))
            say(f"{options.duckdb}: {count} tables")
            return 0
        if not model and (rows or as_of or options.asks):
            raise ConfigError(
                "no model is named; write its name before the options (`statpipe show` lists them)"
            )
        with session.lake() as site:
            if not model:
                _show_models(site, json=options.json)
                return 0
            chosen = whole_model(site, model)
            day = day_of(as_of) if as_of is not None else None
            table = figures(site, chosen, rows, day)
        words = f", as of {day}" if day else ""
        Answer(model=chosen, table=table, words=words).write(options)
        return 0

    return in_session(options, work)


def columns_wanted(
    area: Sequence[str],
    category: Sequence[str],
    dataset: Sequence[str],
    where: Sequence[str],
    period: Sequence[str],
) -> dict[str, tuple[str, ...]]:
    """
    Return the wanted values of each column that options name.

    :raises ConfigError: A ``--where`` is not of the form ``column=value``.
    """
    wanted = {"ref_area": split(area), "category": split(category), "dataset": split(dataset)}
    for one in where:
        column, equals, value = (part.strip() for part in one.partition("="))
        if not (column and equals and value and all(split((value,)))):
            msg = f"--where {one!r} is not of the form column=value, such as geo_level=state"
            raise ConfigError(msg)
        wanted[column] = (*wanted.get(column, ()), *split((value,)))
    wanted["time_period"] = (*wanted.pop("time_period", ()), *split(period))
    return {column: values for column, values in wanted.items() if values}


def _show_models(site: Site, *, json: bool) -> None:
    models = site.registry.models()
    if json:
        columns = ("model", "title", "rows", "grain")
        cells = [(one.name, one.title, _rows(site, one), list(one.grain)) for one in models]
        write_json([dict(zip(columns, row, strict=True)) for row in cells])
        return
    built = [one for one in models if site.lake.fingerprint(gold_key(one)) is not None]
    if built:
        print_table(
            f"Gold models in {site.environment.name}",
            ("model", "title"),
            sorted((one.name, one.title) for one in built),
            less=("title",),
            whole=("model",),
        )
    others = [one for one in models if one not in built]
    if others:
        waits = sorted({name for one in others for name in sources_of(models, one)})
        few = f"{', '.join(waits[:_FEW])}{' and others' if len(waits) > _FEW else ''}"
        say(
            f"{counted(len(others), 'model')} of {few} not built yet: `statpipe run SOURCE` builds them"
        )


def _all_tables(site: Site) -> Iterator[tuple[Model, pa.Table]]:
    for one in site.registry.models():
        if site.lake.fingerprint(gold_key(one)) is not None:
            yield whole_model(site, one.name), site.lake.read(gold_key(one))


def _rows(site: Site, model: Model) -> int | None:
    key = gold_key(model)
    try:
        return len(site.lake.read(key)) if site.lake.fingerprint(key) else None
    except ContentError:  # damaged: the next run rebuilds it
        return None
