"""From the configured tables, lines, areas and years to selections."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import attrs

from statpipe.api import ConfigError, Dataset, Selection
from statpipe_bea import tables
from statpipe_bea.settings import BeaSettings

_FIRST_YEAR, _LAST_YEAR = 1997, 2200


def configured_datasets(settings: BeaSettings) -> Sequence[Dataset]:
    """
    Return the tables asked for, each with its selection.

    :raises ConfigError: A table, line, area or year does not exist.
    """
    if not settings.tables:
        raise ConfigError("sources.bea_pce_state.tables is empty; name tables or leave it out")
    _known("tables", settings.tables, tables.TITLES)
    _known("areas", settings.areas, [area.code for area in tables.areas()])
    for year in settings.years:
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            msg = f"sources.bea_pce_state.years: {year} is not a year from {_FIRST_YEAR} on, when PCE by state begins"
            raise ConfigError(msg)
    chosen = [_narrowed(tables.dataset(table), settings) for table in settings.tables]
    with_lines = [dataset for dataset in chosen if dataset.selection.categories != ()]
    if not with_lines:
        msg = f"sources.bea_pce_state.lines: none of {', '.join(settings.tables)} has any of lines {list(settings.lines)}"
        raise ConfigError(msg)
    return with_lines


def _narrowed(dataset: Dataset, settings: BeaSettings) -> Dataset:
    existing = {category.code for category in dataset.categories}
    asked = (tables.category_code(dataset.name, line) for line in settings.lines)
    selection = Selection(
        areas=settings.areas or None,
        categories=[code for code in asked if code in existing] if settings.lines else None,
        periods=[str(year) for year in settings.years] or None,
    )
    return attrs.evolve(dataset, selection=selection)


def _known(setting: str, names: Iterable[str], valid: Iterable[str]) -> None:
    choices = list(valid)
    for name in names:
        if name not in choices:
            near = difflib.get_close_matches(name.upper(), choices, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(choices)}"
            raise ConfigError(f"sources.bea_pce_state.{setting}: there is no {name!r}{hint}")
