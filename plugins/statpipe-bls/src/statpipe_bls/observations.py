"""Converts the columns of payloads to the columns of statpipe's observations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from statpipe.api import ContentError, Payload, Selection
from statpipe_bls.annual import one_a_year
from statpipe_bls.footnotes import NO_FIGURE, status_of, text_of
from statpipe_bls.periods import read_period
from statpipe_bls.structure import Lists, area_name
from statpipe_bls.survey import AREA, Survey

if TYPE_CHECKING:
    import pyarrow as pa


def observations_of(records: pa.Table, payload: Payload, survey: Survey, lists: Lists) -> pa.Table:
    """
    Return the observations of a payload, as a normalizer returns them.

    :raises ContentError: A series is of another survey, or a period is not valid.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = {name: _coded(records[name]) for name in records.column_names}
    made = _parts(column["series_id"], payload, survey, lists)
    made |= _periods(column["year"], column["period"], payload)
    notes = _notes(column["codes"], column["notes"], lists)
    printed = column["value"].cast(pa.string())
    none = pc.equal(printed, NO_FIGURE)
    nothing = pa.scalar(None, pa.string())
    made["obs_value"] = pc.if_else(none, nothing, printed)
    made["obs_status"] = _statuses(column["codes"], notes, none)
    codes = column["codes"].cast(pa.string())
    symbol = pc.if_else(none, NO_FIGURE, codes)
    made["source_symbol"] = pc.if_else(pc.equal(symbol, ""), nothing, symbol)
    if lists.bases:
        notes = _with_base(notes, column["series_id"], lists)
    made["notes"] = pc.if_else(pc.equal(notes, ""), nothing, notes)
    years = _pairs(column["series_id"], column["year"]).indices.to_pylist
    return one_a_year(pa.table(made), years, column["period"])


def chosen(records: pa.Table, payload: Payload, survey: Survey, selection: Selection) -> pa.Table:
    """
    Return the figures of the selected series. Files hold many more series, with other codes.

    :raises ContentError: A series is of another survey.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    series = _coded(records["series_id"])
    texts = _split(series.dictionary, payload, survey)
    wanted = {one.id: selection.where.get(one.dimension.column) for one in survey.dimensions}
    if selection.areas is not None:
        wanted[AREA] = tuple(map(survey.area_code, selection.areas))
    inside = pa.repeat(True, len(series.dictionary))
    for name, codes in wanted.items():
        if codes is not None and name in texts:
            inside = pc.and_(inside, pc.is_in(texts[name], value_set=pa.array(codes)))
    return records.filter(inside.take(series.indices))


def _split(ids: pa.StringArray, payload: Payload, survey: Survey) -> dict[str, pa.StringArray]:
    """Return the parts of each identifier."""
    import pyarrow.compute as pc

    found = pc.extract_regex(ids, survey.pattern)
    wrong = ids.filter(pc.is_null(found))
    if len(wrong):
        msg = (
            f"payload {payload.name}: the series {wrong[0].as_py()!r} does not belong to survey "
            f"{survey.code}, whose identifiers are {survey.code} and "
            f"{', '.join(name for name, _ in survey.id)}"
        )
        raise ContentError(msg, payload=payload)
    return {name: pc.struct_field(found, name) for name, _ in survey.id}


def _parts(
    series: pa.DictionaryArray, payload: Payload, survey: Survey, lists: Lists
) -> dict[str, Any]:
    """Return area, dimensions and unit of each series."""
    import pyarrow as pa

    texts = _split(series.dictionary, payload, survey)
    made = {one.dimension.column: _by_series(texts[one.id], series) for one in survey.dimensions}
    by = survey.measured_by
    units = [survey.unit_of(by, code) for code in texts[by.id].to_pylist()]
    made["unit_measure"] = _by_series([unit for unit, _ in units], series)
    powers = pa.array([power for _, power in units], pa.int8())
    made["unit_mult"] = powers.take(series.indices)
    codes = texts[AREA].to_pylist() if survey.has_areas else [""] * len(series.dictionary)
    areas = [survey.area(code, area_name(survey, lists, code)) for code in codes]
    made["ref_area"] = _by_series([area.code for area in areas], series)
    return made


def _periods(years: Any, periods: Any, payload: Payload) -> dict[str, Any]:
    both = _pairs(years, periods)
    try:
        read = [read_period(*pair.split("|", 1)) for pair in both.dictionary.to_pylist()]
    except ValueError as error:
        msg = f"payload {payload.name}: {error}"
        raise ContentError(msg, payload=payload) from None
    return {
        "freq": _by_series([freq for freq, _ in read], both),
        "time_period": _by_series([period for _, period in read], both),
    }


def _notes(codes: Any, notes: Any, lists: Lists) -> Any:
    """Return the texts of footnotes: those in the payload, otherwise those in the list."""
    import pyarrow as pa
    import pyarrow.compute as pc

    listed = _mapped(codes, lambda text: text_of(text, lists.footnotes))
    return pc.coalesce(notes.cast(pa.string()), listed.cast(pa.string()))


def _statuses(codes: Any, notes: Any, none: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    both = _pairs(codes, _coded(notes))
    split = [text.partition("|")[::2] for text in both.dictionary.to_pylist()]
    without, shown = (
        pa.array([status_of(*pair, has_figure=has) for pair in split], pa.string()).take(
            both.indices
        )
        for has in (False, True)
    )
    return pc.if_else(none, without, shown)


def _with_base(notes: Any, series: pa.DictionaryArray, lists: Lists) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    bases = _mapped(
        series, lambda one: f"Base period: {lists.bases[one]}" if one in lists.bases else ""
    )
    base = bases.cast(pa.string())
    between = pc.if_else(pc.or_(pc.equal(notes, ""), pc.equal(base, "")), "", "; ")
    return pc.binary_join_element_wise(notes, between, base, "")


def _mapped(codes: pa.DictionaryArray, change: Callable[[str], str]) -> pa.DictionaryArray:
    return _by_series([change(text) for text in codes.dictionary.to_pylist()], codes)


def _by_series(values: Sequence[str] | pa.Array, codes: pa.DictionaryArray) -> pa.DictionaryArray:
    """Replace each text of a dictionary by a value."""
    import pyarrow as pa

    texts = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    distinct = texts.dictionary_encode()
    return pa.DictionaryArray.from_arrays(distinct.indices.take(codes.indices), distinct.dictionary)


def _pairs(one: Any, other: Any) -> pa.DictionaryArray:
    """Join two columns; compute each distinct pair once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    width = max(len(other.dictionary), 1)
    numbers = pc.add(
        pc.multiply(one.indices.cast(pa.int64()), width), other.indices.cast(pa.int64())
    ).dictionary_encode()
    firsts = pc.divide(numbers.dictionary, width)
    seconds = pc.subtract(numbers.dictionary, pc.multiply(firsts, width))
    texts = pc.binary_join_element_wise(
        one.dictionary.take(firsts), other.dictionary.take(seconds), "|"
    )
    return pa.DictionaryArray.from_arrays(numbers.indices, texts)


def _coded(column: Any) -> Any:
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    return array
