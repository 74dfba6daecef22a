"""The columns of a data message, under the identifiers in the structure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from statpipe.api import ContentError, Payload
from statpipe_sdmx.actions import ACTION, applied
from statpipe_sdmx.csv_data import OF_THE_MESSAGE
from statpipe_sdmx.history import FROM, SET, TO
from statpipe_sdmx.structure import CONFIDENTIAL, FLAG, MULTIPLIER, STATUS, UNITS, VALUE, Structure
from statpipe_sdmx.versions import is_same

if TYPE_CHECKING:
    import pyarrow as pa

Columns = dict[str, "pa.DictionaryArray"]

_CODED = {STATUS, FLAG, CONFIDENTIAL, MULTIPLIER, *UNITS}
"""Attributes that contain codes, even if the structure lacks their code list."""


def components_of(table: pa.Table, payload: Payload, structure: Structure) -> Columns:
    """
    Return a column of codes for each dimension, for the time, for the figure and for each
    attribute, after everything that the message adds, replaces and deletes.

    :raises ContentError: A dimension of the structure or the figures are missing, or the message is
        of another flow.
    """
    named = named_columns(table, payload, structure)
    rows = named.drop_columns([name for name in (FROM, TO, SET) if name in named.column_names])
    alone = "STRUCTURE" in table.column_names
    try:
        valid = applied(None, rows, key_of(structure), structure.measure_ids, partial_keys=alone)
    except ValueError as error:
        raise ContentError(f"payload {payload.name}: {error}", payload=payload) from None
    return columns_of(valid, structure)


def key_of(structure: Structure) -> list[str]:
    """
    Return the columns that identify an observation.
    """
    return [*(one.id for one in structure.dimensions), structure.time]


def named_columns(table: pa.Table, payload: Payload, structure: Structure) -> pa.Table:
    """
    Return the columns of a message under the identifiers in the structure. Raises what
    :func:`components_of` raises.
    """
    if not table.column_names:
        return _nothing(structure)
    _refuse_other_flow(table, payload, structure)
    named = _named(table, payload, structure)
    _refuse_renamed(named.column_names, payload, structure)
    key, measures = key_of(structure), structure.measure_ids
    missing = [name for name in key if name not in named.column_names]
    if (
        _is_csv(table)
        and ACTION not in table.column_names
        and not {*measures} & {*named.column_names}
    ):
        # In other formats, missing figures are left out, and deletions have no figures.
        missing.append(measures[0])
    if missing:
        msg = (
            f"payload {payload.name}: no column or attribute {missing[0]}; the structure "
            f"{structure.agency}:{structure.id}({structure.version}) has "
            f"{', '.join([*key, *measures])}: check whether data and structure belong together"
        )
        raise ContentError(msg, payload=payload)
    return named


def _nothing(structure: Structure) -> pa.Table:
    """The columns of a message that has no observation."""
    import pyarrow as pa

    none = pa.array([], pa.string()).dictionary_encode()
    return pa.table(dict.fromkeys([*key_of(structure), *structure.measure_ids], none))


def columns_of(valid: pa.Table, structure: Structure) -> Columns:
    """
    Return the columns of observations, each with one figure.
    """
    return _coded(_one_figure_a_row(valid, structure))


def _is_csv(table: pa.Table) -> bool:
    return not {"DATAFLOW", "STRUCTURE", "KEY"}.isdisjoint(table.column_names)


def _named(table: pa.Table, payload: Payload, structure: Structure) -> pa.Table:
    """
    Return each column under its identifier in the structure, because services change the case.
    """
    import pyarrow as pa

    items = (*structure.dimensions, *structure.attributes)
    known = [*(one.id for one in items), structure.time, *structure.measure_ids]
    spelled = {name.lower(): name for name in reversed(known)}
    coded = {one.id for one in structure.dimensions} | _CODED
    coded |= {one.id for one in structure.attributes if one.codes}
    columns: dict[str, Any] = {}
    for name in table.column_names:
        # With labels=both, a column is called ``CURRENCY: Currency``; one with several values
        # ``TITLE[]``.
        short, label, _ = name.partition(": ")
        short = short.partition("[")[0]
        if short in OF_THE_MESSAGE:
            continue
        identifier = spelled.get(short.lower(), short)
        if identifier in columns:
            msg = f"payload {payload.name}: {identifier} is there twice, once as {name!r}; expected one column of each name"
            raise ContentError(msg, payload=payload)
        is_cut = label and identifier in coded
        columns[identifier] = _codes(table[name]) if is_cut else table[name]
    return pa.table(columns)


def _codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the codes in a column of ``code: name``."""
    import pyarrow as pa

    def of(chunk: pa.DictionaryArray) -> pa.DictionaryArray:
        texts = [text.partition(": ")[0] for text in chunk.dictionary.to_pylist()]
        return pa.array(texts, pa.string()).take(chunk.indices).dictionary_encode()

    return pa.chunked_array([of(chunk) for chunk in column.chunks], column.type)


def _one_figure_a_row(table: pa.Table, structure: Structure) -> pa.Table:
    """
    Return separate rows for each of several measures. An empty measure next to another one is left
    out.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    there = [name for name in structure.measure_ids if name in table.column_names]
    measured = structure.measured
    if measured is None or not there:
        return table.rename_columns(
            [VALUE if name in there else name for name in table.column_names]
        )
    filled = {name: _is_filled(table[name]) for name in there}
    none = pc.invert(reduce(pc.or_, filled.values()))
    others = table.drop_columns(there)
    parts = []
    for name in there:
        rows = pc.or_(filled[name], none)
        part = others.append_column(VALUE, table[name]).filter(rows)
        parts.append(
            part.append_column(measured.id, pa.repeat(name, len(part)).dictionary_encode())
        )
    return pa.concat_tables(parts).unify_dictionaries()


def _is_filled(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.fill_null(pc.not_equal(column.cast(pa.string()), ""), fill_value=False)


def _coded(table: pa.Table) -> Columns:
    import pyarrow as pa

    found: Columns = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        found[name] = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if VALUE not in found:
        # In XML and JSON, missing figures are left out: none of these observations has one.
        found[VALUE] = pa.nulls(len(table), pa.dictionary(pa.int32(), pa.string()))
    return found


def _refuse_other_flow(table: pa.Table, payload: Payload, structure: Structure) -> None:
    """Where a message names its flow, it must be this one, in this version: ``ESTAT:NAMA_10_GDP(1.0)``."""
    import pyarrow.compute as pc

    known = [(structure.flow, structure.flow_version), (structure.id, structure.version)]
    for column in ("DATAFLOW", "STRUCTURE_ID"):
        if column not in table.column_names or not len(table):
            continue
        for said in map(str, pc.unique(table[column].cast("string")).to_pylist()):
            name, _, version = said.partition(": ")[0].rpartition(":")[2].partition("(")
            versions = [one for flow, one in known if flow == name]
            if not versions:
                msg = f"payload {payload.name}: figures of flow {said}; expected those of {structure.flow}"
                raise ContentError(msg, payload=payload)
            if not any(is_same(version.rstrip(")"), one) for one in versions):
                msg = (
                    f"payload {payload.name}: figures of flow {said}; expected the version {versions[0]} of its "
                    "structure; if the service has just published both, run again; else set `version`"
                )
                raise ContentError(msg, payload=payload)


def _refuse_renamed(names: Sequence[str], payload: Payload, structure: Structure) -> None:
    """
    Refuse a message with a new column if a known one is missing: it may have been renamed.

    Services leave out attributes that no observation has, and some add columns; both at once is
    suspicious.
    """
    known = {one.id for one in (*structure.dimensions, *structure.attributes)}
    known |= {structure.time, *structure.measure_ids}
    new = sorted(name for name in set(names) - known if not name.startswith(":"))
    gone = sorted({*structure.measure_ids, STATUS, FLAG} & known - set(names))
    if new and gone:
        msg = (
            f"payload {payload.name}: {gone[0]} is missing, and {new[0]} is new, which is not in "
            f"the structure {structure.agency}:{structure.id}({structure.version}): check "
            "whether the service has renamed it"
        )
        raise ContentError(msg, payload=payload)
