"""The code lists of a survey: BLS's own if they were fetched, otherwise the plugin's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from attrs import frozen

from statpipe.api import Area, Code, Dataset, Payload
from statpipe_bls.lists import own_list, read_list
from statpipe_bls.survey import AREA, CodedBy, Survey


@frozen(kw_only=True)
class Lists:
    """
    Names by code: areas in the survey's coding, each dimension, footnotes; and the base periods of
    series.

    ``read`` names the parts whose lists are BLS's own.
    """

    areas: Mapping[str, str]
    dimensions: Mapping[str, Mapping[str, str]]
    footnotes: Mapping[str, str]
    bases: Mapping[str, str]
    read: frozenset[str]


def list_files(survey: Survey) -> list[str]:
    """
    Return the names of BLS's files that describe a survey.
    """
    lists = [one.list for one in survey.dimensions if one.key]
    named = [survey.area_file, *lists, survey.footnotes, survey.series_file]
    return [name for name in named if name]


def read_lists(survey: Survey, payloads: Sequence[Payload]) -> Lists:
    """
    Read the lists among the payloads.

    :raises ContentError: A list is malformed.
    """
    files = {one.name: one for one in payloads if one.structure}
    areas = files.get(survey.area_file)
    dimensions, read = {}, set[str]()
    for one in survey.dimensions:
        file = files.get(one.list) if one.key else None
        dimensions[one.id] = own_list(one.list) if file is None else read_list(file, one.key)
        read |= {one.id} if file is not None else set()
    notes, series = files.get(survey.footnotes), files.get(survey.series_file)
    return Lists(
        areas={} if areas is None else read_list(areas, survey.area_key),
        dimensions=dimensions,
        footnotes={} if notes is None else read_list(notes, "footnote_code"),
        bases={} if series is None else read_list(series, "series_id", "base_period"),
        read=frozenset(read | ({AREA} if areas is not None else set())),
    )


def described(dataset: Dataset, survey: Survey, lists: Lists) -> Dataset:
    """
    Return the dataset with the survey's areas and dimensions.
    """
    return attrs.evolve(
        dataset,
        title=survey.title,
        areas=tuple(_areas(dataset, survey, lists).values()),
        dimensions=tuple(
            attrs.evolve(one.dimension, codes=_codes(dataset, survey, lists, one))
            for one in survey.dimensions
        ),
    )


def area_name(survey: Survey, lists: Lists, code: str) -> str:
    """
    Return the name of an area in the survey's coding, or its code if the name is unknown.
    """
    return lists.areas.get(code[-survey.area_digits :], code)


def _areas(dataset: Dataset, survey: Survey, lists: Lists) -> dict[str, Area]:
    asked = [survey.area_code(one) for one in dataset.selection.areas or ()]
    listed = [] if survey.area_digits else list(lists.areas)
    codes = dict.fromkeys([*survey.known_areas, *listed, *asked])
    found = (survey.area(code, area_name(survey, lists, code)) for code in codes)
    return {area.code: area for area in found}


def _codes(dataset: Dataset, survey: Survey, lists: Lists, one: CodedBy) -> tuple[Code, ...]:
    names = dict(lists.dimensions[one.id])
    if one.id in survey.open:
        names |= {
            code: code for code in dataset.selection.where.get(one.id, ()) if code not in names
        }
    return tuple(Code(code=code, name=name) for code, name in names.items())
