"""The observation table: the one shape that every source's figures take in Silver.

A normalizer returns the four columns of :data:`REQUIRED` and, where it has them, those of
:data:`OPTIONAL`. :func:`seal` adds what the dataset's code lists say about areas and categories,
sorts, and brings dictionaries into one order, so that equal figures give equal bytes whatever
channel brought them. Everything works on dictionary codes: there is no Python object per row.
"""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import frozen

from statpipe.domain.errors import ContentError
from statpipe.domain.period import period_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    import pyarrow as pa

    from statpipe.domain.dataset import Dataset

KEY = ("ref_area", "category", "time_period")
REQUIRED = (*KEY, "obs_value")
OPTIONAL = ("obs_status", "source_symbol", "notes")
FIGURES = (*KEY, "obs_value", "obs_status", "source_symbol")
"""The columns whose change makes a new vintage; names and hierarchies may be corrected freely."""

DECIMAL_DIGITS, DECIMAL_PLACES = 28, 8
"""Room for every official figure: 20 digits before the point and 8 behind it, exact."""

NORMAL = "A"
"""SDMX CL_OBS_STATUS: a normal observation."""


@frozen
class ObservationColumn:
    """
    Name, kind (``code``, ``small``, ``date``, ``decimal``) and meaning of one Silver column.
    """

    name: str
    kind: str
    description: str
    nullable: bool = False


COLUMNS = (
    ObservationColumn("dataset", "code", "Dataset of the agency, such as a table"),
    ObservationColumn("ref_area", "code", "Area: USPS code, US, or the agency's region code"),
    ObservationColumn("geo_fips", "code", "Area in the agency's own coding"),
    ObservationColumn("geo_name", "code", "Name of the area"),
    ObservationColumn("geo_level", "code", "What the area is: country, region or state"),
    ObservationColumn("freq", "code", "Frequency, SDMX CL_FREQ"),
    ObservationColumn("time_period", "code", "Period that the figure describes: 2023, 2023-Q1"),
    ObservationColumn("period_start", "date", "First day of the period"),
    ObservationColumn("category", "code", "Stable identifier of what is measured"),
    ObservationColumn("category_name", "code", "The agency's title of the category"),
    ObservationColumn("parent_category", "code", "Category that this one is a part of", True),
    ObservationColumn("sign", "small", "+1 or -1: added to or subtracted from the parent"),
    ObservationColumn("unit_measure", "code", "Unit as the agency prints it"),
    ObservationColumn("unit_mult", "small", "Power of ten of the unit, SDMX UNIT_MULT"),
    ObservationColumn("obs_value", "decimal", "The figure as published; empty if missing", True),
    ObservationColumn("obs_status", "code", "Why a figure is special, SDMX CL_OBS_STATUS"),
    ObservationColumn("source_symbol", "code", "Marker as printed, such as (D) or (L)", True),
    ObservationColumn("notes", "code", "Text of the figure's footnotes", True),
    ObservationColumn("vintage", "code", "Release that the figure was read from"),
)


@cache
def silver_schema(dimensions: tuple[str, ...] = ()) -> pa.Schema:
    """
    Return the Arrow schema of Silver; *dimensions* are a dataset's further key columns.
    """
    import pyarrow as pa

    code = pa.dictionary(pa.int32(), pa.string())
    types = {
        "code": code,
        "small": pa.int8(),
        "date": pa.date32(),
        "decimal": pa.decimal128(DECIMAL_DIGITS, DECIMAL_PLACES),
    }
    fields = [
        pa.field(c.name, types[c.kind], c.nullable, {"description": c.description}) for c in COLUMNS
    ]
    return pa.schema([*fields, *(pa.field(name, code, nullable=False) for name in dimensions)])


def seal(table: pa.Table, dataset: Dataset, vintage: str) -> pa.Table:
    """
    Complete a normalizer's table to the Silver schema, sorted by key, in canonical form.

    :raises ContentError: A column is missing, has a wrong type or an unknown code, a required
        value is null, or a key stands twice.
    """
    import pyarrow as pa

    columns = _described(_decoded(table, dataset), dataset)
    rows = len(table)
    columns["dataset"] = _constant(dataset.name, rows)
    columns["vintage"] = _constant(vintage, rows)
    schema = silver_schema(dataset.dimensions)
    sealed = pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
    _refuse_nulls(sealed, dataset)
    return canonical(_sorted_by_key(sealed, dataset))


def with_vintage(table: pa.Table, vintage: str) -> pa.Table:
    """
    Return the same sealed observations under another vintage's name.
    """
    place = table.schema.get_field_index("vintage")
    return table.set_column(place, table.schema.field(place), _constant(vintage, len(table)))


def canonical(table: pa.Table) -> pa.Table:
    """
    Return the table in one chunk, each dictionary holding just its used values, in text order.
    """
    import pyarrow as pa

    columns = []
    for column in table.combine_chunks().columns:
        if pa.types.is_dictionary(column.type):
            columns.append(_canonical_codes(encoded(column)))
        else:
            columns.append(_one(column))
    return pa.Table.from_arrays(columns, schema=table.schema)


def content_hash(table: pa.Table, columns: Sequence[str] | None = None) -> str:
    """
    Hash the values of a canonical table; independent of files, chunks and library versions.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    digest = hashlib.sha256()
    for name in columns or table.column_names:
        array = _one(table[name])
        digest.update(f"{name}:{array.type}:{len(array)};".encode())
        if pa.types.is_dictionary(array.type):
            digest.update(json.dumps(array.dictionary.to_pylist()).encode())
            array = array.indices
        digest.update(_bytes_of(pc.is_valid(array).cast(pa.int8())))
        if array.null_count:
            # What stands in the slot of a null is undefined: blank it before hashing.
            array = array.fill_null(pa.array([0]).cast(array.type)[0])
        digest.update(_bytes_of(array))
    return digest.hexdigest()


def figures_hash(table: pa.Table) -> str:
    """
    Hash just what the agency published: keys, figures, statuses and symbols.
    """
    return content_hash(table, FIGURES)


def duplicate_key(table: pa.Table, dataset: Dataset) -> tuple[int, int] | None:
    """
    Return the row numbers of the first two rows with one key, or ``None``.
    """
    import pyarrow.compute as pc

    keys = key_codes(table, dataset.key)
    order = pc.sort_indices(keys)
    ordered = keys.take(order)
    same = pc.equal(ordered[1:], ordered[:-1]) if len(ordered) > 1 else None
    if same is None or not pc.any(same).as_py():
        return None
    place = pc.index(same, True).as_py()
    first, second = sorted((order[place].as_py(), order[place + 1].as_py()))
    return first, second


def in_key_order(table: pa.Table, dataset: Dataset) -> pa.Table:
    """
    Return observations sorted by key, numbers within codes as numbers (``SAPCE1:9`` before ``:10``).
    """
    import pyarrow.compute as pc

    return table.take(pc.sort_indices(key_codes(table, dataset.key)))


def encoded(column: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """
    Return a text column as one dictionary array with 32-bit codes.
    """
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    if isinstance(column, pa.ChunkedArray):
        column = _one(column.unify_dictionaries())
    if column.dictionary.null_count:
        # A null among the values is a null of the column.
        column = column.cast(pa.string()).dictionary_encode()
    wanted = pa.dictionary(pa.int32(), pa.string())
    return column if column.type == wanted else column.cast(wanted)


def codes_or_values(column: pa.ChunkedArray) -> pa.Array:
    """
    Return what a column is compared by: its codes if it is coded, else its values.
    """
    import pyarrow as pa

    array = _one(column)
    return array.indices if pa.types.is_dictionary(array.type) else array


def repeats(table: pa.Table, columns: Sequence[str]) -> pa.Array:
    """
    Mark the rows, but the first, that equal the one before in these columns; nulls are equal.

    Coded columns must have one dictionary each, without repeated values.
    """
    import pyarrow.compute as pc

    same = None
    for name in columns:
        array = codes_or_values(table[name])
        nothing = pc.is_null(array)
        equal = pc.fill_null(pc.equal(array[1:], array[:-1]), False)
        equal = pc.or_(equal, pc.and_(nothing[1:], nothing[:-1]))
        same = equal if same is None else pc.and_(same, equal)
    return same


def looked_up(codes: pa.DictionaryArray, values: Sequence[str | None]) -> pa.DictionaryArray:
    """
    Replace each code's text by the value in the same place of *values*, without touching rows.
    """
    import pyarrow as pa

    distinct = sorted({value for value in values if value is not None})
    places = {value: place for place, value in enumerate(distinct)}
    mapping = pa.array([places.get(v) if v is not None else None for v in values], pa.int32())
    return pa.DictionaryArray.from_arrays(
        mapping.take(codes.indices), pa.array(distinct, pa.string())
    )


def observations_from_rows(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """
    Make a normalizer's table from mappings: easy to write, and fast enough for small payloads.

    Each mapping needs ``ref_area``, ``category``, ``time_period`` and ``obs_value`` (``Decimal``,
    ``int``, text, or ``None``); any other Silver column may be given.

    :raises ContentError: A figure is no exact decimal number, or a column holds the wrong type.
    """
    import pyarrow as pa

    listed = list(rows)
    names = [c.name for c in COLUMNS if any(c.name in row for row in listed)]
    names = list(dict.fromkeys([*REQUIRED, *names]))
    others = dict.fromkeys(name for row in listed for name in row if name not in names)
    types = {
        "obs_value": pa.decimal128(DECIMAL_DIGITS, DECIMAL_PLACES),
        "sign": pa.int8(),
        "unit_mult": pa.int8(),
        "period_start": pa.date32(),
    }
    columns: dict[str, Any] = {}
    for name in [*names, *others]:
        values = [row.get(name) for row in listed]
        if name == "obs_value":
            values = [_exact(value) for value in values]
        try:
            columns[name] = pa.array(values, types.get(name, pa.string()))
        except (pa.ArrowException, OverflowError) as error:
            msg = f"column {name} holds something else than {types.get(name, 'text')}: {error}"
            raise ContentError(msg) from error
    return pa.table(columns)


def _exact(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, float):
        msg = f"{value!r} is a binary float, which cannot hold a published figure exactly: pass its text"
        raise ContentError(msg)
    try:
        number = Decimal(str(value))
    except ArithmeticError as error:
        msg = f"{value!r} is no decimal number"
        raise ContentError(msg) from error
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -DECIMAL_PLACES:
        msg = f"{value!r} is no finite number of at most {DECIMAL_PLACES} decimal places"
        raise ContentError(msg)
    if number and number.adjusted() >= DECIMAL_DIGITS - DECIMAL_PLACES:
        msg = f"{value!r} has more than {DECIMAL_DIGITS - DECIMAL_PLACES} digits before the point"
        raise ContentError(msg)
    return number


def _decoded(table: pa.Table, dataset: Dataset) -> dict[str, Any]:
    """Check names and types of what a normalizer returned; give text columns as codes."""
    import pyarrow as pa

    schema = silver_schema(dataset.dimensions)
    missing = [n for n in (*REQUIRED, *dataset.dimensions) if n not in table.column_names]
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
            + f"; it needs {', '.join(REQUIRED)} and may have any other column of Silver"
        )
        raise ContentError(msg)
    columns: dict[str, Any] = {}
    for name in table.column_names:
        wanted = schema.field(name).type
        column = table[name]
        if name == "obs_value" and pa.types.is_floating(column.type):
            msg = (
                f"dataset {dataset.name}: column obs_value is {column.type}, which cannot hold a "
                "published figure exactly: make it decimal or text"
            )
            raise ContentError(msg)
        try:
            columns[name] = (
                encoded(column) if pa.types.is_dictionary(wanted) else _one(column.cast(wanted))
            )
        except pa.ArrowException as error:
            msg = f"dataset {dataset.name}: column {name} is {column.type}, not {wanted}: {error}"
            raise ContentError(msg) from error
    return columns


def _described(columns: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """Add what the dataset and its code lists say about each area, category and period."""
    import pyarrow as pa

    areas, categories = columns["ref_area"], columns["category"]
    periods, rows = columns["time_period"], len(columns["ref_area"])
    area_of, category_of = (
        _code_list(dataset, "ref_area", areas, {a.code: a for a in dataset.areas}),
        _code_list(dataset, "category", categories, {c.code: c for c in dataset.categories}),
    )
    starts = _starts(dataset, periods)
    ready: dict[str, Callable[[], Any]] = {
        "geo_fips": lambda: looked_up(areas, [a.geo_fips for a in area_of]),
        "geo_name": lambda: looked_up(areas, [a.name for a in area_of]),
        "geo_level": lambda: looked_up(areas, [a.level for a in area_of]),
        "freq": lambda: _constant(dataset.freq, rows),
        "period_start": lambda: pa.array(starts, pa.date32()).take(periods.indices),
        "category_name": lambda: looked_up(categories, [c.name for c in category_of]),
        "parent_category": lambda: looked_up(categories, [c.parent for c in category_of]),
        "sign": lambda: pa.array([c.sign for c in category_of], pa.int8()).take(categories.indices),
        "unit_measure": lambda: looked_up(categories, [c.unit_measure for c in category_of]),
        "unit_mult": lambda: pa.array([c.unit_mult for c in category_of], pa.int8()).take(
            categories.indices
        ),
        "obs_status": lambda: _constant(NORMAL, rows),
        "source_symbol": lambda: _nothing(rows),
        "notes": lambda: _nothing(rows),
    }
    return {name: make() for name, make in ready.items() if name not in columns} | columns


def _code_list(
    dataset: Dataset, column: str, codes: pa.DictionaryArray, entries: Mapping[str, Any]
) -> list[Any]:
    values = codes.dictionary.to_pylist()
    if not entries:
        return [_Undescribed(code) for code in values]
    unknown = [code for code in values if code not in entries]
    if unknown:
        # A filtered table's dictionary still lists the codes of the rows that are gone.
        unknown = [code for code in _used(codes) if code not in entries]
    if unknown:
        msg = (
            f"dataset {dataset.name}: {column} {unknown[0]!r} is not in the dataset's code list of "
            f"{len(entries)}; if the agency added it, add it to the source's code list"
        )
        raise ContentError(msg)
    return [entries.get(code) or _Undescribed(code) for code in values]


class _Undescribed:
    """Stands for a code of a source that brings no code list: the code is all there is to say."""

    def __init__(self, code: str) -> None:
        self.geo_fips = self.name = code
        self.level, self.unit_measure = "area", "number"
        self.parent: str | None = None
        self.sign, self.unit_mult = 1, 0


def _starts(dataset: Dataset, periods: pa.DictionaryArray) -> list[date | None]:
    starts: list[date | None] = []
    for text in periods.dictionary.to_pylist():
        try:
            starts.append(period_start(text, dataset.freq))
        except ValueError as error:
            if text in _used(periods):
                msg = f"dataset {dataset.name}: time_period {error}"
                raise ContentError(msg) from error
            starts.append(None)
    return starts


def _used(codes: pa.DictionaryArray) -> list[str]:
    """Give the texts of the dictionary that rows refer to."""
    import pyarrow.compute as pc

    values = codes.dictionary.to_pylist()
    return [values[place] for place in pc.unique(codes.indices).to_pylist() if place is not None]


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
    twice = duplicate_key(table, dataset)
    if twice:
        first, second = (table.slice(row, 1).to_pylist()[0] for row in twice)
        where = ", ".join(f"{name} {first[name]}" for name in dataset.key)
        msg = (
            f"dataset {dataset.name}: two observations for {where}: "
            f"{first['obs_value']} and {second['obs_value']}"
        )
        raise ContentError(msg)
    return table.take(pc.sort_indices(keys))


def key_codes(table: pa.Table, key: Sequence[str]) -> Any:
    """Give each row one integer that sorts as its key does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    combined = None
    for name in key:
        codes = encoded(table[name])
        values = codes.dictionary.to_pylist()
        # Codes that read as the same number, such as 01 and 1, are ordered by their text.
        ordered = sorted(values, key=lambda text: (_natural(text), text))
        rank = {value: place for place, value in enumerate(ordered)}
        ranks = pa.array([rank[value] for value in values], pa.int64()).take(codes.indices)
        base = pa.array([max(len(values), 1)], pa.int64())[0]
        combined = ranks if combined is None else pc.add(pc.multiply(combined, base), ranks)
    return combined


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort ``SAPCE1:9`` before ``SAPCE1:10``."""
    return tuple(
        (1, int(part), "") if "0" <= part[0] <= "9" else (0, 0, part)
        for part in re.split(r"([0-9]+)", text)
        if part
    )


def _canonical_codes(codes: pa.DictionaryArray) -> pa.DictionaryArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = codes.dictionary.to_pylist()
    used = sorted((values[i], i) for i in pc.unique(codes.indices).to_pylist() if i is not None)
    texts = sorted({text for text, _ in used})
    place = {text: number for number, text in enumerate(texts)}
    mapping = [None] * max(len(values), 1)
    for text, number in used:
        mapping[number] = place[text]  # type: ignore[call-overload]
    indices = pa.array(mapping, pa.int32()).take(codes.indices)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))


def _constant(text: str, rows: int) -> pa.DictionaryArray:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(
        pa.array([0], pa.int32()).take(_zeros(rows)), pa.array([text], pa.string())
    )


def _nothing(rows: int) -> pa.DictionaryArray:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int32()), pa.array([], pa.string()))


def _zeros(rows: int) -> pa.Array:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int32(), rows, [None, pa.py_buffer(bytes(4 * rows))])


def _one(column: Any) -> Any:
    """Give a column as one array."""
    import pyarrow as pa

    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 0:
        return pa.array([], column.type)
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _bytes_of(array: Any) -> memoryview:
    width = array.type.bit_width // 8
    data = array.buffers()[1]
    if data is None or not len(array):
        return memoryview(b"")
    return memoryview(data)[array.offset * width : (array.offset + len(array)) * width]
