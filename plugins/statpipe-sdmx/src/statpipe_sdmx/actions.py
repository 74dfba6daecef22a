"""Applies the actions of a message to earlier figures.

Each row, or each data set, has an action of the standard:

=====================  ==================================================================================
Merge, Append,         what the row says is added or changed; what it leaves empty stays
Information
Replace                the row takes the place of the whole observation
Delete                 the observations with the row's dimensions end, where an empty dimension means all
                       of them, as ``~`` does; a row with attributes too takes just these away
=====================  ==================================================================================

A row with an incomplete key that does not delete sets attributes of all observations with its
dimensions; only SDMX-CSV 2.0 has such rows. An observation whose last measure is deleted ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

ACTION = ":action"
"""The column of a message's actions. The colon keeps it apart from SDMX identifiers."""

_NO_CODE = frozenset(["", "~"])
"""Placeholder for a dimension that a row does not name."""
_LETTERS = frozenset("IAMRD")


def letter(text: str | None) -> str:
    """
    Return the letter of an action: ``I``, ``A``, ``M``, ``R`` or ``D``. Nothing means Information.

    :raises ValueError: The action is unknown.
    """
    first = (text or "I").strip()[:1].upper()
    if first not in _LETTERS:
        msg = (
            f"{text!r} is not a valid action; expected Information, Append, Merge, Replace or "
            "Delete"
        )
        raise ValueError(msg)
    return first


def applied(
    figures: pa.Table | None,
    message: pa.Table,
    key: Sequence[str],
    measures: Sequence[str],
    *,
    partial_keys: bool = False,
) -> pa.Table:
    """
    Return the figures after a message. Both are tables of text with one row per observation. *key*
    are the columns of dimensions and time; *measures* are the columns of figures. With
    *partial_keys*, rows may have attributes of several observations at once.

    :raises ValueError: An action is not in the standard, or a row lacks a part of its key.
    """
    letters = _letters(message)
    if ACTION in message.column_names:
        message = message.drop_columns([ACTION])
    only_adds = len(set(letters)) <= 1 and "D" not in letters
    if figures is None and only_adds and not any(_has_gaps(message[name]) for name in key):
        return message
    now = message.slice(0, 0) if figures is None else figures
    if len(letters) == 1:
        letters *= len(message)
    start = 0
    for action, run in groupby(letters):
        length = len(list(run))
        rows = message.slice(start, length)
        start += length
        if action == "D":
            now = _deleted(now, rows, key, measures)
        else:
            _refuse_partial_keys(rows, key, measures if partial_keys else None)
            now = _put(now, rows, key, whole=action == "R")
    return now


def _letters(message: pa.Table) -> list[str]:
    """Return the action of each row, or a single one for all rows."""
    import pyarrow.compute as pc

    if ACTION not in message.column_names:
        return ["I"]
    column = _text(message[ACTION])
    known = {text: letter(text) for text in pc.unique(column).to_pylist()}
    if len(known) == 1:
        return list(known.values())
    return [known[text] for text in column.to_pylist()]


def _has_gaps(column: Any) -> bool:
    import pyarrow as pa

    if column.null_count:
        return True
    is_coded = pa.types.is_dictionary(column.type)
    texts = [one.dictionary for one in column.chunks] if is_coded else column.chunks
    return any(not _NO_CODE.isdisjoint(one.to_pylist()) for one in texts)


def _refuse_partial_keys(
    rows: pa.Table, key: Sequence[str], measures: Sequence[str] | None
) -> None:
    """Refuse rows with an incomplete key: all of them, or those that have *measures*."""
    import pyarrow.compute as pc

    for names, some in _groups(rows, key):
        figures = [name for name in measures or () if name in some.column_names]
        is_figure = any(pc.any(_is_filled(some[name])).as_py() for name in figures)
        if len(names) < len(key) and (measures is None or is_figure):
            lacking = next(name for name in key if name not in names)
            msg = f"an observation has no {lacking}; expected a code for each of {', '.join(key)}"
            raise ValueError(msg)


def _put(now: pa.Table, rows: pa.Table, key: Sequence[str], *, whole: bool) -> pa.Table:
    """Add or change observations, then the attributes of several observations at once."""
    for names, some in sorted(_groups(rows, key), key=lambda group: -len(group[0])):
        if len(names) == len(key):
            others = now.filter(_places(now, some, names).is_null())
            before = now.take(_places(some, now, names))
            now = _stacked([others, some if whole else _with_said(before, some)])
        else:
            told = [name for name in some.column_names if name not in key]
            now = _with_said(now, some.select(told).take(_places(now, some, names)))
    return now


def _deleted(
    now: pa.Table, rows: pa.Table, key: Sequence[str], measures: Sequence[str]
) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for names, some in _groups(rows, key):
        places = _places(now, some, names)
        told = [name for name in some.column_names if name not in key and name in now.column_names]
        taken = {name: _is_filled(some[name].take(places)) for name in told}
        no = pa.chunked_array([pa.repeat(False, len(now))])
        any_taken = _any(taken.values(), no)
        measure_taken = _any([taken[name] for name in told if name in measures], no)
        columns = {name: now[name] for name in now.column_names}
        for name, gone in taken.items():
            columns[name] = pc.if_else(gone, pa.scalar(None, pa.string()), _text(now[name]))
        now = pa.table(columns)
        left = _any([_is_filled(now[name]) for name in measures if name in columns], no)
        whole = pc.and_(places.is_valid(), pc.invert(any_taken))
        now = now.filter(pc.invert(pc.or_(whole, pc.and_(measure_taken, pc.invert(left)))))
    return now


def _any(columns: Iterable[Any], no: Any) -> Any:
    import pyarrow.compute as pc

    return reduce(pc.or_, columns, no)


def _groups(rows: pa.Table, key: Sequence[str]) -> Iterator[tuple[list[str], pa.Table]]:
    """Yield groups of rows that name the same dimensions, with the names of these."""
    import pyarrow as pa
    import pyarrow.compute as pc

    none = pa.array([None, *_NO_CODE], pa.string())
    marks = pc.binary_join_element_wise(
        *[pc.if_else(pc.is_in(_text(rows[name]), value_set=none), "0", "1") for name in key], ""
    )
    for mark in pc.unique(marks).to_pylist():
        names = [name for name, is_there in zip(key, mark, strict=True) if is_there == "1"]
        yield names, rows.filter(pc.equal(marks, mark))


def _places(rows: pa.Table, among: pa.Table, names: Sequence[str]) -> Any:
    """
    Return for each row the position of the row *among* others that has the same codes. No code is
    empty.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not names:
        place = 0 if len(among) else None
        return pa.repeat(pa.scalar(place, pa.int32()), len(rows))

    def keys(table: pa.Table) -> Any:
        texts = [pc.fill_null(_text(table[name]), "") for name in names]
        return pc.binary_join_element_wise(*texts, "\x1f").combine_chunks()

    return pc.index_in(keys(rows), value_set=keys(among))


def _with_said(before: pa.Table, said: pa.Table) -> pa.Table:
    """Return the rows with the values in *said* added or replaced."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {name: _text(before[name]) for name in before.column_names}
    for name in said.column_names:
        new = pc.if_else(_is_filled(said[name]), _text(said[name]), pa.scalar(None, pa.string()))
        columns[name] = pc.coalesce(new, columns[name]) if name in columns else new
    return pa.table(columns)


def _stacked(tables: Sequence[pa.Table]) -> pa.Table:
    import pyarrow as pa

    as_text = [pa.table({name: _text(one[name]) for name in one.column_names}) for one in tables]
    return pa.concat_tables(as_text, promote_options="default").combine_chunks()


def _text(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.string())


def _is_filled(column: Any) -> Any:
    import pyarrow.compute as pc

    return pc.fill_null(pc.not_equal(_text(column), ""), fill_value=False)
