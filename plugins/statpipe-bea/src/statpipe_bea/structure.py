"""The meaning of each line of a release: known, with the recorded title and unit, or new."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import attrs
from attrs import field, frozen

from statpipe.api import Category, ContentError, Dataset, Selection
from statpipe.domain.text import holdable
from statpipe_bea.crosswalk import (
    Layout,
    PrintedLine,
    identified,
    is_renumbered,
    layout_of,
    new_category,
)
from statpipe_bea.csv_records import bare
from statpipe_bea.decoded import Decoded, PrintedUnit, first_row, release_of
from statpipe_bea.tables import category_code
from statpipe_bea.wording import (
    Accepted,
    ends_in_title,
    other_title,
    other_unit,
    power_of_ten,
    same_title,
    without_table,
)

_FIPS = re.compile(r"[0-9]{5}")
_NUMBER = re.compile(r"[1-9][0-9]*")
_POWER = re.compile(r"-?[0-9]{1,2}")


@frozen(kw_only=True)
class Structure:
    """
    The lines of a release: the code of each by its number. ``categories`` and ``areas`` are those
    not on record; ``areas`` maps codes to names.
    """

    codes: Mapping[str, str]
    categories: Sequence[Category] = ()
    areas: Mapping[str, str] = field(factory=dict)


def structure_of(
    dataset: Dataset,
    listed: Sequence[PrintedLine],
    decoded: Sequence[Decoded],
    accepted: Accepted,
) -> Structure:
    """
    Return the meaning of each line of a release. *listed* are the lines in the release's own list,
    or in the rows of a CSV file.

    :raises ContentError: A line has another meaning than before, or no list names it; or an area
        has no FIPS code.
    """
    day = release_of(decoded)
    titles = [one for part in decoded for one in part.titles]
    units = [one for part in decoded for one in part.units]
    known = {category.code: category for category in dataset.categories}
    codes = _codes_on_record(dataset, listed, titles, day, accepted)
    check_titles(dataset, codes, (*listed, *titles), accepted)
    for unit in units:
        if codes.get(unit.line) in known:
            _check_unit(unit, known[codes[unit.line]], dataset, accepted)
    others = [unit for unit in units if unit.line not in codes]
    new = _new_categories(dataset, listed, others, accepted) if listed else {}
    # Without a list, nothing names the lines, so only the search for a figure reads them.
    unnamed = {unit.line: category_code(dataset.name, unit.line) for unit in others}
    named = {line: category.code for line, category in new.items()}
    return Structure(
        codes={**unnamed, **named, **codes},
        categories=tuple(new.values()),
        areas=_new_areas(dataset, decoded),
    )


def selection_of(dataset: Dataset, structure: Structure) -> Selection:
    """
    Return the selection in the codes of this release.

    The selection of a price table names the categories known at the time. So the code of a line
    that was new then means its category of today, and a selection of all recorded lines includes
    the new ones.
    """
    asked = dataset.selection
    if asked.categories is None or not is_renumbered(dataset.name):
        return asked
    wanted, new = set(asked.categories), {one.code for one in structure.categories}
    wanted |= {
        one.code
        for one in dataset.categories
        if new_category(dataset.name, one.name, one.unit_measure) in wanted
    }
    whole = set(structure.codes.values()) - new <= wanted
    return attrs.evolve(asked, categories=wanted | new if whole else wanted)


def numbers_on_record(dataset: Dataset) -> Layout:
    """
    Return the codes of lines by number, for a table whose lines are identified by number.
    """
    return {category.code.rpartition(":")[2]: category.code for category in dataset.categories}


def check_titles(
    dataset: Dataset, codes: Layout, printed: Iterable[PrintedLine], accepted: Accepted
) -> None:
    """
    Refuse a line whose title differs from that of its category.
    """
    known = {category.code: category for category in dataset.categories}
    for one in printed:
        category = known.get(codes.get(one.line, ""))
        same = ends_in_title if one.led else same_title
        if category is not None and not same(one.title, category, accepted.titles):
            raise ContentError(other_title(one.where, one.title, category, dataset.categories))


def _codes_on_record(
    dataset: Dataset,
    listed: Sequence[PrintedLine],
    titles: Sequence[PrintedLine],
    day: date,
    accepted: Accepted,
) -> Layout:
    """
    Return the codes by number, or by title and unit: from a list, or from each answer if there is
    no list.
    """
    if not is_renumbered(dataset.name):
        return numbers_on_record(dataset)
    if not listed:
        return {one.line: identified(dataset.name, one, day, accepted.titles) for one in titles}
    units = {category.unit_measure for category in dataset.categories}
    spelt = (
        one if one.unit is None else attrs.evolve(one, unit=accepted.unit(one.unit, units))
        for one in listed
    )
    return layout_of(dataset.name, spelt, day, accepted.titles)


def _check_unit(
    printed: PrintedUnit, category: Category, dataset: Dataset, accepted: Accepted
) -> None:
    """Refuse a line with another unit or multiplier: its number has a new meaning."""
    units = {one.unit_measure for one in dataset.categories}
    unit, power = printed.unit, printed.power
    same_power = power in {None, str(category.unit_mult)}
    if unit is None or (same_power and accepted.unit(unit, units) == category.unit_measure):
        return
    if same_power:
        raise ContentError(other_unit(printed.where, unit, category))
    msg = (
        f"{printed.where}: {category.code} is in {unit!r} times "
        f"10^{' '.join(str(power).split())}; expected {category.unit_measure!r} times "
        f"10^{category.unit_mult}: the meaning of the line has changed"
    )
    raise ContentError(msg)


def _new_categories(
    dataset: Dataset,
    listed: Sequence[PrintedLine],
    units: Sequence[PrintedUnit],
    accepted: Accepted,
) -> dict[str, Category]:
    """Describe new lines by number, as printed and without a parent."""
    titles = _titles(dataset, listed, {unit.line for unit in units})
    found: dict[str, Category] = {}
    lines: dict[str, str] = {}
    for unit in units:
        if unit.line not in titles:
            msg = (
                f"{unit.where}: {dataset.name} has no line {unit.line} in its list of lines; expected one of "
                f"{len(titles)}"
            )
            raise ContentError(msg)
        new = _new_category(dataset, titles[unit.line], unit, accepted)
        first = found.setdefault(unit.line, new)
        if _unit(new) != _unit(first):
            raise _of_two(unit.where, first.code, "unit", _unit(new), _unit(first))
        line = lines.setdefault(new.code, unit.line)
        if line != unit.line:
            msg = (
                f"{unit.where}: lines {line} and {unit.line} of {dataset.name} are both {new.name!r} in the "
                "same unit; expected each category once"
            )
            raise ContentError(msg)
    return found


def _titles(
    dataset: Dataset, listed: Iterable[PrintedLine], new: Collection[str]
) -> dict[str, str]:
    """Return the title of each line. Recorded lines have been checked for several titles before."""
    titles: dict[str, str] = {}
    for one in listed:
        first = titles.setdefault(one.line, one.title)
        if one.line in new and one.title != first:
            code = category_code(dataset.name, one.line)
            raise _of_two(one.where, code, "title", one.title, first)
    return titles


def _new_category(
    dataset: Dataset, title: str, printed: PrintedUnit, accepted: Accepted
) -> Category:
    """
    Describe a new line. A CSV file prints no power of ten, and an old one no unit, because its
    table has only one.
    """
    line, unit, power = printed.line, printed.unit, printed.power
    if not _NUMBER.fullmatch(line):
        raise ContentError(f"{printed.where}: line {line!r} of {dataset.name}; expected a number")
    if power is not None and not _POWER.fullmatch(power):
        msg = f"{printed.where}: UNIT_MULT {power!r}; expected a power of ten such as 6"
        raise ContentError(msg)
    units = {one.unit_measure: one.unit_mult for one in dataset.categories}
    measure = next(iter(units)) if unit is None else accepted.unit(unit, units)
    by_title = is_renumbered(dataset.name)
    return Category(
        code=new_category(dataset.name, title, measure if unit is None else unit)
        if by_title
        else category_code(dataset.name, line),
        name=without_table(title),
        unit_measure=measure,
        unit_mult=int(power) if power else units.get(measure, power_of_ten(measure)),
    )


def _new_areas(dataset: Dataset, decoded: Sequence[Decoded]) -> dict[str, str]:
    """Return the names of new areas, as first printed, by their FIPS code from BEA."""
    listed = {area.geo_fips for area in dataset.areas}
    found: dict[str, str] = {}
    for part in decoded:
        for fips in part.areas.dictionary.to_pylist():
            if fips in listed or fips in found:
                continue
            row = first_row(part.areas, fips)
            if not _FIPS.fullmatch(fips):
                msg = f"{part.place(row)}: area {fips!r}; expected one of BEA's {len(listed)} areas such as '06000'"
                raise ContentError(msg)
            found[fips] = bare(holdable(part.names[row].as_py() or ""))
    return found


def _unit(category: Category) -> str:
    return f"{category.unit_measure} times 10^{category.unit_mult}"


def _of_two(where: str, code: str, what: str, one: str, other: str) -> ContentError:
    verb = {"title": "titled", "unit": "in"}[what]
    return ContentError(
        f"{where}: {code} is {verb} {one!r} and elsewhere {other!r}; expected one {what} a line"
    )
