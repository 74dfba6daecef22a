"""Observations of a CSV file, with lines, units and titles checked against the code list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from statpipe.api import Category, ContentError, Dataset, Payload
from statpipe.domain.codes import encoded, looked_up
from statpipe_bea.crosswalk import is_renumbered, layout_of
from statpipe_bea.csv_tables import WideTable, footnotes, printed_lines, read_csv, stripped
from statpipe_bea.figures import figures
from statpipe_bea.part import Part, area_code, table_name
from statpipe_bea.release import released
from statpipe_bea.tables import category_code
from statpipe_bea.titles import same_title

if TYPE_CHECKING:
    import pyarrow as pa


def observations_of_csv(
    dataset: Dataset,
    payloads: Sequence[Payload],
    footnote_pages: Sequence[Payload],
    titles: Mapping[str, str],
) -> list[Part]:
    """
    Read the CSV files of one release of a table.

    :raises ContentError: A file is malformed, of another table, or a line is not what it was.
    """
    notes: dict[str, str] = {}
    for page in footnote_pages:
        notes |= footnotes(page)
    return [_part(read_csv(payload), dataset, notes, titles) for payload in payloads]


def _part(
    wide: WideTable, dataset: Dataset, notes: Mapping[str, str], titles: Mapping[str, str]
) -> Part:
    import pyarrow as pa

    rows = len(wide.table)
    areas = _areas(wide, dataset)
    categories = _categories(wide, dataset, titles)
    _check_lines(wide, dataset, categories, titles)
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


def _categories(wide: WideTable, dataset: Dataset, titles: Mapping[str, str]) -> pa.DictionaryArray:
    names, lines = stripped(wide.table["table"]), stripped(wide.table["line"])
    for place, name in enumerate(names.dictionary.to_pylist()):
        if table_name(name) != dataset.name:
            where = _finder(wide, names, place)()
            raise ContentError(f"{where}: table {name!r}; expected {dataset.name}")
    if is_renumbered(dataset.name):
        layout = layout_of(dataset.name, printed_lines(wide), released(wide.note), titles)
        return looked_up(lines, [layout[line] for line in lines.dictionary.to_pylist()])
    known = {category.code for category in dataset.categories}
    codes = [category_code(dataset.name, line) for line in lines.dictionary.to_pylist()]
    for place, code in enumerate(codes):
        if code not in known:
            where = _finder(wide, lines, place)()
            msg = (
                f"{where}: {code} is not in the code list; expected one of {len(known)} lines. BEA has "
                "added or renumbered lines, statpipe-bea must learn them"
            )
            raise ContentError(msg)
    return looked_up(lines, codes)


def _check_lines(
    wide: WideTable, dataset: Dataset, categories: pa.DictionaryArray, titles: Mapping[str, str]
) -> None:
    """Each line has the title and the unit of the code list in every row."""
    import pyarrow as pa

    known: dict[str, Category] = {category.code: category for category in dataset.categories}
    descriptions, units = encoded(wide.table["title"]), stripped(wide.table["unit"])
    seen = pa.table(
        {
            "row": _range(len(wide.table)),
            "category": categories.indices,
            "title": descriptions.indices,
            "unit": units.indices,
        }
    ).group_by(["category", "title", "unit"])
    for combination in seen.aggregate([("row", "min")]).to_pylist():
        category = known[categories.dictionary[combination["category"]].as_py()]
        title = descriptions.dictionary[combination["title"]].as_py()
        unit = units.dictionary[combination["unit"]].as_py()
        where = wide.where(combination["row_min"])
        if not same_title(title, category, titles):
            msg = (
                f"{where}: {category.code} is titled {title.strip()!r}; expected {category.name!r}. If "
                "it is the same category under a new title, accept it in statpipe.toml: "
                f'[normalizers.bea_regional.titles] "{category.code}" = "<the new title>"'
            )
            raise ContentError(msg)
        if unit != category.unit_measure:
            msg = f"{where}: {category.code} is in {unit!r}; expected {category.unit_measure!r}: the line has changed its meaning"
            raise ContentError(msg)


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
