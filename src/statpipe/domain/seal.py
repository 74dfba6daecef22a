"""Sealing: a normalizer's table becomes Silver, completed, sorted and in canonical form.

Code lists describe areas and categories, so equal figures give equal bytes from every channel. Everything works on codes: there is no Python object per row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from statpipe.domain.canonical import canonical
from statpipe.domain.codes import (
    constant,
    encoded,
    filled,
    looked_up,
    nothing,
    one_array,
    used_texts,
)
from statpipe.domain.errors import ContentError
from statpipe.domain.exact_figures import exact_figures
from statpipe.domain.gate import admitted
from statpipe.domain.key_order import key_codes
from statpipe.domain.observation import COLUMNS, KEY, NORMAL, REQUIRED, silver_schema
from statpipe.domain.other_parents import AREA_PARENT
from statpipe.domain.period_columns import period_columns
from statpipe.domain.whole_key import key_columns, may_lack, refuse_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from statpipe.domain.dataset import Dataset

_Entry = TypeVar("_Entry")
_NAMES = {"ref_area": "geo_name", "category": "category_name"}
_MAY_BE_EMPTY = frozenset(column.name for column in COLUMNS if column.nullable)
"""Empty cells in these columns stay empty. In others, they are filled from the code lists."""


def seal(table: pa.Table, dataset: Dataset, vintage: str) -> pa.Table:
    """
    Complete a normalizer's table to the Silver schema, sorted by key, in canonical form.

    :raises ContentError: A column is missing, has a wrong type or an unknown code, a required value
    is null, or a key occurs twice.
    """
    import pyarrow as pa

    columns = _described(_decoded(table, dataset), dataset)
    rows = len(table)
    columns["dataset"] = constant(dataset.name, rows)
    columns["vintage"] = constant(vintage, rows)
    schema = silver_schema(dataset.dimensions, doubles=dataset.doubles)
    sealed = pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
    _refuse_nulls(sealed, dataset)
    return canonical(_sorted_by_key(sealed, dataset))


def with_vintage(table: pa.Table, vintage: str) -> pa.Table:
    """
    Return the same sealed observations under another vintage's name.
    """
    place = table.schema.get_field_index("vintage")
    return table.set_column(place, table.schema.field(place), constant(vintage, len(table)))


def duplicate_key(table: pa.Table, dataset: Dataset) -> tuple[int, int] | None:
    """
    Return the numbers of the first two rows with the same key, or ``None``.
    """
    import pyarrow.compute as pc

    keys = key_codes(table, _known_key(table, dataset))
    return _first_twice(keys, pc.sort_indices(keys))


def _first_twice(keys: pa.Array, order: pa.Array) -> tuple[int, int] | None:
    import pyarrow.compute as pc

    ordered = keys.take(order)
    place = pc.index(pc.equal(ordered[1:], ordered[:-1]), True).as_py()
    if place < 0:
        return None
    first, second = sorted((order[place].as_py(), order[place + 1].as_py()))
    return first, second


def in_key_order(table: pa.Table, dataset: Dataset) -> pa.Table:
    """
    Return observations sorted by key, numbers within codes as numbers (``SAPCE1:9`` before ``:10``).
    """
    import pyarrow.compute as pc

    return table.take(pc.sort_indices(key_codes(table, _known_key(table, dataset))))


def _known_key(table: pa.Table, dataset: Dataset) -> list[str]:
    """Return the columns of the key. A normalizer's table may leave out the frequency."""
    return [name for name in dataset.key if name in table.column_names]


def _decoded(table: pa.Table, dataset: Dataset) -> dict[str, Any]:
    """Check the names and types of a normalizer's columns. Return text columns as codes."""
    import pyarrow as pa

    schema = silver_schema(dataset.dimensions)
    required = [*REQUIRED, *(one.column for one in dataset.dimensions)]
    optional = may_lack(dataset)
    required = [name for name in required if name not in optional]
    missing = [name for name in required if name not in table.column_names]
    if AREA_PARENT in table.column_names:
        table = table.drop_columns([AREA_PARENT])
    unknown = [name for name in table.column_names if name not in schema.names]
    twice = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if missing or unknown or twice:
        msg = (
            f"dataset {dataset.name}: the normalizer's table "
            + " and ".join(
                f"{verb} {', '.join(names)}"
                for verb, names in (
                    ("lacks", missing),
                    ("has unknown columns", unknown),
                    ("has twice", twice),
                )
                if names
            )
            + f"; it needs {', '.join(required)} and may have any other column of Silver"
        )
        raise ContentError(msg)
    figures = exact_figures(table, dataset)
    columns: dict[str, Any] = {"obs_value": figures.values, "decimals": figures.decimals}
    for name in [one for one in table.column_names if one not in columns]:
        wanted = schema.field(name).type
        column = table[name]
        try:
            columns[name] = (
                admitted(encoded(column), name, dataset.name)
                if pa.types.is_dictionary(wanted)
                else one_array(column.cast(wanted))
            )
        except pa.ArrowException as error:
            msg = f"dataset {dataset.name}: column {name} is {column.type}, not {wanted}: {error}"
            raise ContentError(msg) from error
    return columns


def _described(columns: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """
    Add the descriptions of each area, category and period from the dataset and its code lists.
    """
    rows = len(columns["obs_value"])
    refuse_codes(columns, dataset)
    columns = columns | key_columns(columns, dataset, rows)
    areas, categories = columns["ref_area"], columns["category"]
    # A normalizer may give the first and last day of a period itself, for example of fiscal weeks.
    given = {name: columns[name] for name in ("period_start", "period_end") if name in columns}
    columns = columns | period_columns(columns, dataset) | given
    listed = {**_of_areas(areas, dataset), **_of_categories(categories, dataset)}
    for name in sorted(listed.keys() & columns.keys() - _MAY_BE_EMPTY):
        if columns[name].null_count:
            columns[name] = filled(columns[name], listed[name]())
    ready: dict[str, Callable[[], Any]] = {
        **listed,
        "obs_status": lambda: constant(NORMAL, rows),
        "source_symbol": lambda: nothing(rows),
        "notes": lambda: nothing(rows),
    }
    return {name: make() for name, make in ready.items() if name not in columns} | columns


def _of_areas(areas: pa.DictionaryArray, dataset: Dataset) -> dict[str, Callable[[], Any]]:
    """Add the descriptions of areas from the code list. Without one, there is only the code."""
    rows = len(areas)
    if not dataset.areas:
        return {
            "geo_fips": lambda: areas,
            "iso_3166": lambda: nothing(rows),
            "geo_name": lambda: areas,
            "geo_level": lambda: constant("area", rows),
        }
    listed = _listed(dataset, "ref_area", areas, {area.code: area for area in dataset.areas})
    return {
        "geo_fips": lambda: looked_up(
            areas, [(a.geo_fips or a.code) if a else None for a in listed]
        ),
        "iso_3166": lambda: looked_up(areas, [a.iso_3166 if a else None for a in listed]),
        "geo_name": lambda: looked_up(areas, [a.name if a else None for a in listed]),
        "geo_level": lambda: looked_up(areas, [a.level if a else None for a in listed]),
    }


def _of_categories(
    categories: pa.DictionaryArray, dataset: Dataset
) -> dict[str, Callable[[], Any]]:
    """
    Add the descriptions of categories from the code list. Without one, there is only the code.
    """
    import pyarrow as pa

    rows = len(categories)

    def small(numbers: list[int | None], places: pa.Array) -> pa.Array:
        return pa.array(numbers, pa.int8()).take(places)

    if not dataset.categories:
        same = constant("number", rows)
        return {
            "category_name": lambda: categories,
            "parent_category": lambda: nothing(rows),
            "sign": lambda: small([1], same.indices),
            "unit_measure": lambda: same,
            "unit_mult": lambda: small([0], same.indices),
        }
    listed = _listed(dataset, "category", categories, {c.code: c for c in dataset.categories})
    return {
        "category_name": lambda: looked_up(categories, [c.name if c else None for c in listed]),
        "parent_category": lambda: looked_up(categories, [c.parent if c else None for c in listed]),
        "sign": lambda: small([c.sign if c else None for c in listed], categories.indices),
        "unit_measure": lambda: looked_up(
            categories, [c.unit_measure if c else None for c in listed]
        ),
        "unit_mult": lambda: small(
            [c.unit_mult if c else None for c in listed], categories.indices
        ),
    }


def _listed(
    dataset: Dataset, column: str, codes: pa.DictionaryArray, entries: Mapping[str, _Entry]
) -> list[_Entry | None]:
    """
    Return the entry of each code, or ``None`` for codes of removed rows that are still in the
    dictionary.
    """
    values = codes.dictionary.to_pylist()
    unknown = [code for code in values if code not in entries]
    if unknown:
        unknown = [code for code in used_texts(codes) if code not in entries]
    if unknown:
        msg = (
            f"dataset {dataset.name}: {column} {unknown[0]!r} is not in the dataset's code list of "
            f"{len(entries)}; if the agency added it, give its name in the column {_NAMES[column]}"
        )
        raise ContentError(msg)
    return [entries.get(code) for code in values]


def _refuse_nulls(table: pa.Table, dataset: Dataset) -> None:
    import pyarrow.compute as pc

    for column in table.schema:
        if not column.nullable and table[column.name].null_count:
            count = table[column.name].null_count
            msg = f"dataset {dataset.name}: {count:,} of {len(table):,} rows have no {column.name}"
            raise ContentError(msg)
    silent = table.filter(
        pc.and_(pc.is_null(table["obs_value"]), pc.equal(table["obs_status"], NORMAL))
    )
    if len(silent):
        where = ", ".join(f"{name} {silent[name][0]}" for name in KEY)
        msg = (
            f"dataset {dataset.name}: no figure for {where} and no obs_status that says why; "
            "give the reason from SDMX CL_OBS_STATUS, such as O for missing or Q for suppressed"
        )
        raise ContentError(msg)


def _sorted_by_key(table: pa.Table, dataset: Dataset) -> pa.Table:
    import pyarrow.compute as pc

    keys = key_codes(table, dataset.key)
    if pc.all(pc.less(keys[:-1], keys[1:]), min_count=0).as_py():
        return table
    order = pc.sort_indices(keys)
    twice = _first_twice(keys, order)
    if twice:
        first, second = (table.slice(row, 1).to_pylist()[0] for row in twice)
        where = ", ".join(f"{name} {first[name]}" for name in dataset.key)
        msg = (
            f"dataset {dataset.name}: two observations for {where}: "
            f"{first['obs_value']} and {second['obs_value']}"
        )
        raise ContentError(msg)
    return table.take(order)
