"""Selected series: areas and codes from the configuration, checked against the survey's lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from statpipe.api import ConfigError, Dataset, Selection
from statpipe_bls.allowed import WITHOUT_KEY
from statpipe_bls.periods import periods_of
from statpipe_bls.settings import BlsSettings
from statpipe_bls.structure import Lists, area_name
from statpipe_bls.survey import AREA, CodedBy, Survey

_MORE = (
    " (BLS has more: set `contact` to your e-mail address, so that statpipe can read BLS's own "
    "list)"
)


def selection_of(settings: BlsSettings, survey: Survey, this_year: int) -> Selection:
    """
    Return the configured selection. Without `start`, it begins with the survey's first year, or ten
    years ago if the API is used without a key. Future years are left out, because BLS refuses them.

    :raises ConfigError: It names an unknown dimension of the survey, or ends before it begins.
    """
    name = f"sources.{settings.instance or 'bls'}"
    first, last = settings.start, min(settings.end or this_year, this_year)
    if first is None and settings.has_few_queries:
        first = last - WITHOUT_KEY.years + 1
    if first is not None and first > last:
        msg = f"{name}.start: {first} is after the last year, {last}; correct `start` or `end`"
        raise ConfigError(msg)
    bounded = first is not None or settings.end is not None
    ours = {area.code for area in survey.known_areas.values()}
    return Selection(
        areas=[one if one in ours else survey.area(one).code for one in settings.areas or ours],
        where=_codes(settings, survey, f"{name}.codes"),
        periods=periods_of(first or survey.first_year, last) if bounded else None,
    )


def _codes(settings: BlsSettings, survey: Survey, where: str) -> dict[str, Sequence[str]]:
    known = {one.id: one for one in survey.dimensions}
    for part in settings.codes:
        if part not in known:
            msg = f"{where}.{part}: survey {survey.code} has {', '.join(known)}{near(part, known)}"
            raise ConfigError(msg)
    with_key = not settings.has_few_queries
    return {
        one.dimension.column: settings.codes.get(name) or one.asked_by_default(with_key=with_key)
        for name, one in known.items()
    }


def series_of(dataset: Dataset, survey: Survey) -> list[str]:
    """
    Return the identifiers of the series in a dataset's selection.
    """
    areas = [survey.area_code(one) for one in dataset.selection.areas or ()]
    where = dataset.selection.where
    return list(survey.series(areas, {one.id: _asked(where, one) for one in survey.dimensions}))


def refuse_unknown(dataset: Dataset, survey: Survey, lists: Lists, where: str) -> None:
    """
    Refuse codes that are not in the survey's lists.

    :raises ConfigError: A code is unknown; the message names the nearest code.
    """
    for one in survey.dimensions:
        names = lists.dimensions[one.id]
        unknown = [code for code in _asked(dataset.selection.where, one) if code not in names]
        if unknown and one.id not in survey.open:
            more = _MORE if one.excerpt and one.id not in lists.read else ""
            msg = f"{where}.codes.{one.id}: {unknown[0]!r} is not among the {len(names)} codes of {one.list}"
            raise ConfigError(f"{msg}{near(unknown[0], names)}{more}")
    for ref_area in dataset.selection.areas or ():
        code = survey.area_code(ref_area)
        is_known = code in survey.known_areas or area_name(survey, lists, code) != code
        if not is_known and AREA not in survey.open:
            more = _MORE if survey.area_file and AREA not in lists.read else ""
            known = [area.code for area in survey.known_areas.values()]
            msg = f"{where}.areas: {ref_area!r} is not a known area of survey {survey.code}"
            raise ConfigError(f"{msg}{near(ref_area, known)}{more}")


def near(name: str, known: Iterable[str]) -> str:
    """
    Return ``; did you mean 'x'?`` as the end of a message, or an empty text if no name is similar.
    """
    by_case = {one.upper(): one for one in known}
    found = get_close_matches(name.upper(), by_case, n=1)
    return f"; did you mean {by_case[found[0]]!r}?" if found else ""


def _asked(where: Mapping[str, Sequence[str]], one: CodedBy) -> Sequence[str]:
    return where[one.dimension.column]
