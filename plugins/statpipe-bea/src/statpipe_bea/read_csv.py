"""Observations of a CSV file, with lines, units and titles checked against the code list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from statpipe.api import Category, ContentError, Dataset, Payload
from statpipe.domain.codes import encoded, looked_up
from statpipe_bea.accepted import Accepted
from statpipe_bea.crosswalk import is_renumbered, layout_of
from statpipe_bea.csv_records import bare
from statpipe_bea.csv_tables import (
    WideTable,
    footnotes,
    printed_lines,
    read_csv,
    stripped,
    text_at,
    units_of,
)
from statpipe_bea.figures import figures
from statpipe_bea.other_lines import other_title, other_unit
from statpipe_bea.part import Part, area_code, line_code, names_with_new, table_name
from statpipe_bea.release import released
from statpipe_bea.titles import same_title

if TYPE_CHECKING:
    import pyarrow as pa


def observations_of_csv(
    dataset: Dataset,
    payloads: Sequence[Payload],
    footnote_pages: Sequence[Payload],
    accepted: Accepted,
) -> list[Part]:
    """
    Read the CSV files of one release of a table.

    :raises ContentError: A file is malformed, of another table, or a line is not what it was.
    """
    notes: dict[str, str] = {}
    for page in footnote_pages:
        notes |= footnotes(page)
    return [_part(read_csv(payload), dataset, notes, accepted) for payload in payloads]


def _part(wide: WideTable, dataset: Dataset, notes: Mapping[str, str], accepted: Accepted) -> Part:
    import pyarrow as pa

    rows = len(wide.table)
    areas = _areas(wide, dataset)
    categories = _categories(wide, dataset, accepted)
    titles = _checked_lines(wide, dataset, categories, accepted)
    described = {
        "area_parent": _other_parents(wide, areas, dataset),
        "category_name": names_with_new(categories, dataset.categories, titles.get),
        "geo_name": names_with_new(areas, dataset.areas, _area_names(wide, areas)),
    }
    periods = dataset.selection.periods
    years = [year for year in wide.years if periods is None or year in periods]
    if not years:
        msg = f"payload {wide.payload.name}: no column for {', '.join(periods or ())}; it has {wide.years[0]} to {wide.years[-1]}"
        raise ContentError(msg, payload=wide.payload)

    def where(row: int) -> str:
        return wide.where(row % rows, years[row // rows])

    every_row = pa.concat_arrays([_range(rows)] * len(years))
    texts = pa.concat_arrays([chunk for year in years for chunk in wide.table[year].chunks])
    columns = {
        "ref_area": areas.take(every_row),
        "category": categories.take(every_row),
        "time_period": pa.DictionaryArray.from_arrays(
            _each(len(years), rows), pa.array(years, pa.string())
        ),
        **figures(texts, None, [(notes, len(texts))], where),
        **{
            name: column.take(every_row) for name, column in described.items() if column is not None
        },
    }
    return Part(table=pa.table(columns), where=where)


def _areas(wide: WideTable, dataset: Dataset) -> pa.DictionaryArray:
    codes = stripped(wide.table["area"])
    return looked_up(
        codes,
        [
            area_code(_five_digits(fips), dataset, _finder(wide, codes, place))
            for place, fips in enumerate(codes.dictionary.to_pylist())
        ],
    )


def _five_digits(fips: str) -> str:
    """A spreadsheet takes ``06000`` for a number and drops its zeros."""
    return fips.zfill(5) if fips.isdecimal() else fips


def _area_names(wide: WideTable, areas: pa.DictionaryArray) -> Callable[[str], str | None]:
    """Give the name that is printed for an area where it stands first."""
    import pyarrow.compute as pc

    def name(code: str) -> str | None:
        if "area_name" not in wide.table.column_names:
            return None
        row = pc.index(areas.indices, pc.index(areas.dictionary, code).as_py()).as_py()
        return bare(wide.table["area_name"][row].as_py())

    return name


def _other_parents(
    wide: WideTable, areas: pa.DictionaryArray, dataset: Dataset
) -> pa.DictionaryArray | None:
    """Return the regions of states that are not those of the code list; ``None`` if all are."""
    import pyarrow as pa

    if "region" not in wide.table.column_names:
        return None
    codes, listed = areas.dictionary.to_pylist(), {area.geo_fips: area for area in dataset.areas}
    # Tables without figures of regions have states as parts of the US.
    inside = {area.code for area in dataset.areas if area.level == "region"}
    parents = {area.code: area.parent for area in dataset.areas if area.parent in inside}
    regions = stripped(wide.table["region"])
    numbers = regions.dictionary.to_pylist()
    pairs = pa.table({"area": areas.indices, "region": regions.indices}).group_by(
        ["area", "region"]
    )
    others: dict[str, str] = {}
    for pair in pairs.aggregate([]).to_pylist():
        area, number = codes[pair["area"]], numbers[pair["region"]]
        region = listed.get(f"9{number}000")
        printed = region.code if region else number
        if printed and area in parents and printed != parents[area]:
            others[area] = printed
    return looked_up(areas, [others.get(code) for code in codes]) if others else None


def _categories(wide: WideTable, dataset: Dataset, accepted: Accepted) -> pa.DictionaryArray:
    names, lines = stripped(wide.table["table"]), stripped(wide.table["line"])
    for place, name in enumerate(names.dictionary.to_pylist()):
        if table_name(name) != dataset.name:
            where = _finder(wide, names, place)()
            raise ContentError(f"{where}: table {name!r}; expected {dataset.name}")
    known: Mapping[str, str] = {}
    if is_renumbered(dataset.name):
        units = {category.unit_measure for category in dataset.categories}
        printed = [
            attrs.evolve(one, unit=accepted.unit(one.unit or "", units))
            for one in printed_lines(wide)
        ]
        known = layout_of(dataset.name, printed, released(wide.note), accepted.titles)
    codes = [
        known.get(line) or line_code(line, dataset, _finder(wide, lines, place))
        for place, line in enumerate(lines.dictionary.to_pylist())
    ]
    return looked_up(lines, codes)


def _checked_lines(
    wide: WideTable, dataset: Dataset, categories: pa.DictionaryArray, accepted: Accepted
) -> dict[str, str]:
    """Check titles and units of all lines that are listed, and return the titles of the others."""
    import pyarrow as pa

    known: dict[str, Category] = {category.code: category for category in dataset.categories}
    units_known = {category.unit_measure for category in dataset.categories}
    new: dict[str, str] = {}
    descriptions, units = encoded(wide.table["title"]), units_of(wide)
    seen = pa.table(
        {
            "row": _range(len(wide.table)),
            "category": categories.indices,
            "title": descriptions.indices,
            "unit": units.indices,
        }
    ).group_by(["category", "title", "unit"])
    for combination in seen.aggregate([("row", "min")]).to_pylist():
        code = categories.dictionary[combination["category"]].as_py()
        title = descriptions.dictionary[combination["title"]].as_py()
        unit = text_at(units, combination["unit"])
        where = wide.where(combination["row_min"])
        if code not in known:
            if new.setdefault(code, bare(title)) != bare(title):
                msg = f"{where}: {code} is titled {title!r} and elsewhere {new[code]!r}; expected one title a line"
                raise ContentError(msg)
            continue
        category = known[code]
        if not same_title(title, category, accepted.titles):
            raise ContentError(other_title(where, title, category, dataset.categories))
        if unit is not None and accepted.unit(unit, units_known) != category.unit_measure:
            raise ContentError(other_unit(where, unit, category))
    return new


def _finder(wide: WideTable, codes: pa.DictionaryArray, place: int) -> Callable[[], str]:
    def where() -> str:
        import pyarrow.compute as pc

        return wide.where(pc.index(codes.indices, place).as_py())

    return where


def _range(rows: int) -> pa.Array:
    import pyarrow as pa

    return pa.array(range(rows), pa.int32())


def _each(times: int, rows: int) -> pa.Array:
    """0 in *rows* rows, 1 in the next, and so on."""
    import pyarrow as pa

    return pa.concat_arrays(
        [
            pa.array([number], pa.int32()).take(pa.array([0] * rows, pa.int32()))
            for number in range(times)
        ]
    )
