"""The figures of a normalizer's table: exact values and printed places, from any type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statpipe.domain.codes import one_array
from statpipe.domain.errors import ContentError
from statpipe.domain.printed import (
    MOST_PLACES,
    Figures,
    Misfit,
    exact_type,
    fewest_places,
    read_figures,
    shortest_of_doubles,
)
from statpipe.domain.text import WHITE_SPACE

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe.domain.dataset import Dataset


def exact_figures(table: pa.Table, dataset: Dataset) -> Figures:
    """
    Return the column ``obs_value`` of a normalizer's table as exact figures.

    Text is read as printed. Decimals and integers have the decimal places in the column
    ``decimals``, or else the fewest possible. Doubles are only accepted for a dataset that declares
    them, and become the shortest decimal.

    :raises ContentError: A figure is not a number or has too many digits; or a type cannot hold
    figures exactly.
    """
    import pyarrow as pa

    column = _plain(one_array(table["obs_value"]))
    is_text = pa.types.is_string(column.type)
    try:
        if dataset.doubles and (is_text or pa.types.is_floating(column.type)):
            return read_figures(shortest_of_doubles(column))
        if is_text:
            return read_figures(column)
    except Misfit as error:
        raise ContentError(
            f"dataset {dataset.name}: figure {_cell(table, error, dataset)}"
        ) from error
    if pa.types.is_floating(column.type):
        msg = (
            f"dataset {dataset.name}: column obs_value is {column.type}, which cannot hold a published "
            "figure exactly: make it decimal or text; for an agency that publishes binary doubles, "
            "declare Dataset(doubles=True)"
        )
        raise ContentError(msg)
    try:
        values = column.cast(exact_type())
    except pa.ArrowException as error:
        msg = f"dataset {dataset.name}: column obs_value is {column.type}, not {exact_type()}: {error}"
        raise ContentError(msg) from error
    return Figures(values=values, decimals=_places(table, values, dataset))


def _plain(column: Any) -> Any:
    """Return texts of any Arrow type as plain texts without surrounding blanks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type):
        column = column.cast(pa.string())
    if pa.types.is_string(column.type):
        column = pc.utf8_trim(column, characters=WHITE_SPACE)
    return column


def _places(table: pa.Table, values: pa.Array, dataset: Dataset) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if "decimals" not in table.column_names:
        return fewest_places(values)
    given = one_array(table["decimals"])
    try:
        places = given.cast(pa.int8())
    except pa.ArrowException as error:
        msg = f"dataset {dataset.name}: column decimals is {given.type}, not int8: {error}"
        raise ContentError(msg) from error
    lowest = pc.min(places).as_py()
    if lowest is not None and lowest < 0:
        msg = (
            f"dataset {dataset.name}: decimals is {lowest}; a figure has 0 to {MOST_PLACES} places"
        )
        raise ContentError(msg)
    if not values.null_count:
        return places
    return pc.if_else(pc.is_valid(values), places, pa.scalar(None, pa.int8()))


def _cell(table: pa.Table, misfit: Misfit, dataset: Dataset) -> str:
    """Return the name of the cell of a figure that does not fit."""
    named = ("ref_area", "category", *(one.column for one in dataset.dimensions), "time_period")
    there = [name for name in named if name in table.column_names]
    where = ", ".join(f"{name} {table[name][misfit.row]}" for name in there)
    return f"{misfit} (row {misfit.row:,} of the normalizer's table: {where})"
