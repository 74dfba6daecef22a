"""The key that every source has: ``_Z`` without areas, and a category made of dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from statpipe.domain.codes import constant, encoded, filled, joined, looked_up, used_texts
from statpipe.domain.dimension import JOINS_CODES, Dimension, names_column
from statpipe.domain.errors import ContentError
from statpipe.domain.selection import EVERYTHING

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe.domain.dataset import Dataset

NO_AREA = "_Z"
"""SDMX's code for "not applicable": the area of figures that have no area."""


def may_lack(dataset: Dataset) -> frozenset[str]:
    """
    Return the key columns that a normalizer of this dataset need not give.
    """
    no_area = () if dataset.areas else ("ref_area",)
    return frozenset((*no_area, *(("category",) if dataset.dimensions else ())))


def key_columns(columns: dict[str, Any], dataset: Dataset, rows: int) -> dict[str, Any]:
    """
    Return ``ref_area`` and ``category`` where a normalizer gave none, and the names of dimensions' codes.

    A category is the codes of the dimensions in the order of the structure, and its title their names.

    :raises ContentError: A row has no code of a dimension, or one that is not in its code list.
    """
    made: dict[str, Any] = {}
    if "ref_area" not in columns:
        made["ref_area"] = constant(NO_AREA, rows)
        made |= {"geo_name": constant("no area", rows), "geo_level": constant("none", rows)}
    for one in dataset.dimensions:
        name = names_column(one.column)
        if name not in columns or columns[name].null_count:
            made[name] = _names(columns[one.column], one, dataset, columns.get(name))
    if dataset.dimensions:
        both = columns | made
        names = [both[names_column(one.column)] for one in dataset.dimensions]
        if "category" not in columns:
            codes = [columns[one.column] for one in dataset.dimensions]
            made["category"] = joined(codes, JOINS_CODES)
        given = columns.get("category_name")
        if not dataset.categories and (given is None or given.null_count):
            titles = joined(names, ", ")
            made["category_name"] = titles if given is None else filled(given, titles)
    return made


def selected(table: pa.Table, dataset: Dataset) -> pa.Table:
    """
    Return the rows of a normalizer's table that its dataset's selection asks for.

    Its area and category may be left to statpipe: they are then those that sealing makes.

    :raises ContentError: No category can be made of a row's dimensions.
    """
    if dataset.selection == EVERYTHING:
        return table
    if not {one.column for one in dataset.dimensions} <= set(table.column_names):
        return table  # sealing says which dimension is missing
    whole = table
    for name, made in _made_of_dimensions(table, dataset).items():
        if name in may_lack(dataset) - set(table.column_names):
            whole = whole.append_column(name, made)
    return table.filter(dataset.selection.holds(whole))


def with_categories(table: pa.Table, dataset: Dataset) -> pa.Table:
    """
    Return a normalizer's table with the categories, and their names, that sealing makes of dimensions.

    :raises ContentError: No category can be made of a row's dimensions.
    """
    if not {one.column for one in dataset.dimensions} <= set(table.column_names):
        return table  # sealing says which dimension is missing
    for name, made in _made_of_dimensions(table, attrs.evolve(dataset, categories=())).items():
        if name in {"category", "category_name"} - set(table.column_names):
            table = table.append_column(name, made)
    return table


def _made_of_dimensions(table: pa.Table, dataset: Dataset) -> dict[str, Any]:
    coded = {name for one in dataset.dimensions for name in (one.column, names_column(one.column))}
    coded |= {"category"}  # a normalizer may give it
    columns = {name: encoded(table[name]) for name in table.column_names if name in coded}
    refuse_codes(columns, dataset)
    return key_columns(columns, dataset, len(table))


def refuse_codes(columns: dict[str, Any], dataset: Dataset) -> None:
    """
    Refuse codes of dimensions from which no category can be made.

    :raises ContentError: A row lacks one, or a code holds the point that joins codes.
    """
    for one in dataset.dimensions:
        codes: pa.DictionaryArray = columns[one.column]
        if codes.null_count:
            msg = f"dataset {dataset.name}: {codes.null_count:,} of {len(codes):,} rows have no {one.id}"
            raise ContentError(msg)
        wrong = [text for text in used_texts(codes) if JOINS_CODES in text or not text]
        if wrong and "category" not in columns:
            msg = (
                f"dataset {dataset.name}: code {wrong[0]!r} of {one.id} is empty or contains a "
                "point, which joins the codes of a category; give the agency's own identifier "
                "in the column category"
            )
            raise ContentError(msg)


def _names(
    codes: pa.DictionaryArray,
    dimension: Dimension,
    dataset: Dataset,
    given: pa.DictionaryArray | None,
) -> pa.DictionaryArray:
    """Return the names of codes: those that the normalizer has *given*, else those of the list."""
    import pyarrow.compute as pc

    nameless = codes if given is None else codes.filter(pc.is_null(given))
    names = {entry.code: entry.name for entry in dimension.codes}
    unknown = [text for text in used_texts(nameless) if names and text not in names]
    if unknown:
        msg = (
            f"dataset {dataset.name}: {dimension.column} {unknown[0]!r} is not in the code list "
            f"of {dimension.id}, which has {len(names)}; if the agency added it, give its name "
            f"in the column {names_column(dimension.column)}; otherwise check whether the "
            "structure is from this release"
        )
        raise ContentError(msg)
    texts = codes.dictionary.to_pylist()
    found = looked_up(codes, [names.get(text, text) for text in texts])
    return found if given is None else filled(given, found)
