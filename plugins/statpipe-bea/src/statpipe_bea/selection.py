"""Converts configured tables, lines, areas and years to selections."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import attrs

from statpipe.api import ConfigError, Dataset, Selection
from statpipe_bea import tables
from statpipe_bea.family import Family
from statpipe_bea.settings import RegionalSettings

_LAST_YEAR = 2200


def configured_datasets(
    settings: RegionalSettings, family: Family, lines: Sequence[int] = ()
) -> Sequence[Dataset]:
    """
    Return the configured tables, each with its selection.

    :raises ConfigError: A table, line, area or year does not exist.
    """
    place = f"sources.{family.source}"
    if not settings.tables:
        raise ConfigError(f"{place}.tables is empty; name tables or leave it out")
    _known(f"{place}.tables", settings.tables, family.titles)
    _known(f"{place}.areas", settings.areas, [area.code for area in family.areas])
    for year in settings.years:
        if not family.first_year <= year <= _LAST_YEAR:
            msg = (
                f"{place}.years: {year} must be {family.first_year} or later, because "
                f"{family.subject} begins then"
            )
            raise ConfigError(msg)
    chosen = [_narrowed(family.dataset(table), settings, lines) for table in settings.tables]
    chosen = [dataset for dataset in chosen if dataset.selection.areas != ()]
    if not chosen:
        msg = f"{place}.areas: {', '.join(settings.tables)} has none of {', '.join(settings.areas)}"
        raise ConfigError(msg)
    with_lines = [dataset for dataset in chosen if dataset.selection.categories != ()]
    if not with_lines:
        msg = f"{place}.lines: none of {', '.join(settings.tables)} has any of lines {list(lines)}"
        raise ConfigError(msg)
    return with_lines


def _narrowed(dataset: Dataset, settings: RegionalSettings, lines: Sequence[int]) -> Dataset:
    existing = {category.code for category in dataset.categories}
    asked = (tables.category_code(dataset.name, line) for line in lines)
    published = {area.code for area in dataset.areas}
    selection = Selection(
        # A table without a row for the US gets no request for it.
        areas=[code for code in settings.areas if code in published] if settings.areas else None,
        categories=[code for code in asked if code in existing] if lines else None,
        periods=[str(year) for year in settings.years] or None,
    )
    return attrs.evolve(dataset, selection=selection)


def _known(setting: str, names: Iterable[str], valid: Iterable[str]) -> None:
    choices = list(valid)
    for name in names:
        if name not in choices:
            near = difflib.get_close_matches(name.upper(), choices, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(choices)}"
            raise ConfigError(f"{setting}: there is no {name!r}{hint}")
