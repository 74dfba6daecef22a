"""Coded columns: texts as positions in a dictionary, so that work is done once per text and not
once per row.

::

    rows          "NY"   "CA"   nothing   "NY"
    codes           1      0    nothing     1
    dictionary    0: "CA", 1: "NY"

If a dictionary is in text order, codes sort like their texts. To replace a text in all rows,
replace it in the dictionary (:func:`looked_up`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statpipe.domain.text import WHITE_SPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


def encoded(column: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """
    Return a text column as one dictionary array with 32-bit codes.
    """
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    if isinstance(column, pa.ChunkedArray):
        column = one_array(column.unify_dictionaries())
    if column.dictionary.null_count:
        # A null in the dictionary is a null of the column.
        column = column.cast(pa.string()).dictionary_encode()
    wanted = pa.dictionary(pa.int32(), pa.string())
    return column if column.type == wanted else column.cast(wanted)


def trimmed(column: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """
    Return a text column as :func:`encoded` does, without the white space around each text.

    Texts that only differ in white space get the same code.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = encoded(column)
    texts = pc.utf8_trim(codes.dictionary, characters=WHITE_SPACE)
    if texts.equals(codes.dictionary):
        return codes
    distinct = texts.dictionary_encode()
    return pa.DictionaryArray.from_arrays(distinct.indices.take(codes.indices), distinct.dictionary)


def codes_or_values(column: pa.ChunkedArray) -> pa.Array:
    """
    Return the values by which a column is compared: its codes if it is coded, otherwise its values.
    """
    import pyarrow as pa

    array = one_array(column)
    return array.indices if pa.types.is_dictionary(array.type) else array


def repeats(table: pa.Table, columns: Sequence[str]) -> pa.Array:
    """
    Mark each row that equals the row before in these columns. Nulls are equal.

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


def looked_up(
    codes: pa.DictionaryArray, values: Sequence[str | None] | pa.StringArray
) -> pa.DictionaryArray:
    """
    Replace each code's text by the value in the same place of *values*, without touching rows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    distinct = in_text_order(texts)
    mapping = pc.index_in(texts, value_set=distinct)
    return pa.DictionaryArray.from_arrays(mapping.take(codes.indices), distinct)


def filled(given: pa.Array, otherwise: pa.Array) -> pa.Array:
    """
    Return a column with its nulls replaced by the values of another one.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(given.type):
        return pc.coalesce(given, otherwise)
    return encoded(pc.coalesce(given.cast(pa.string()), otherwise.cast(pa.string())))


def in_text_order(texts: pa.StringArray) -> pa.StringArray:
    """
    Return the distinct texts in the order of their bytes, without nulls.
    """
    import pyarrow.compute as pc

    distinct = pc.unique(texts.drop_null())
    return distinct.take(pc.sort_indices(distinct))


def joined(columns: Sequence[pa.DictionaryArray], by: str) -> pa.DictionaryArray:
    """
    Join the texts of several coded columns row by row; each combination is joined once.

    The result is null in rows with a null.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = columns[0].indices.cast(pa.int64())
    texts = columns[0].dictionary
    for column in columns[1:]:
        width = max(len(column.dictionary), 1)
        pairs = pc.add(pc.multiply(numbers, width), column.indices.cast(pa.int64()))
        pairs = pairs.dictionary_encode()
        firsts = pc.divide(pairs.dictionary, width)
        seconds = pc.subtract(pairs.dictionary, pc.multiply(firsts, width))
        texts = pc.binary_join_element_wise(texts.take(firsts), column.dictionary.take(seconds), by)
        numbers = pairs.indices.cast(pa.int64())
    return looked_up(pa.DictionaryArray.from_arrays(numbers.cast(pa.int32()), texts), texts)


def constant(text: str, rows: int) -> pa.DictionaryArray:
    """
    Return a column with the same value in every row.
    """
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(
        pa.array([0], pa.int32()).take(_zeros(rows)), pa.array([text], pa.string())
    )


def nothing(rows: int) -> pa.DictionaryArray:
    """
    Return a column without any value.
    """
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int32()), pa.array([], pa.string()))


def _zeros(rows: int) -> pa.Array:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int32(), rows, [None, pa.py_buffer(bytes(4 * rows))])


def one_array(column: Any) -> Any:
    """Return a column as one array."""
    import pyarrow as pa

    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 0:
        return pa.array([], column.type)
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def used_texts(codes: pa.DictionaryArray) -> list[str]:
    """Return the texts of the dictionary that rows refer to."""
    import pyarrow.compute as pc

    values = codes.dictionary.to_pylist()
    return [values[place] for place in pc.unique(codes.indices).to_pylist() if place is not None]
