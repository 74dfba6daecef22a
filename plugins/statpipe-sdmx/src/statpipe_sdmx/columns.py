"""Converts the columns of a data message to the columns of statpipe's observations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from statpipe.api import ContentError, Dimension, Payload, nearest
from statpipe_sdmx.components import Columns
from statpipe_sdmx.frequency import frequencies_of, translated
from statpipe_sdmx.status import coded_status, flag_symbols
from statpipe_sdmx.structure import (
    CONFIDENTIAL,
    FLAG,
    MULTIPLIER,
    STATUS,
    UNITS,
    VALUE,
    Item,
    Structure,
)

if TYPE_CHECKING:
    import pyarrow as pa

NO_FIGURE = ("", "nan", ":", "..")
"""Texts for a missing figure, in lower case: those of the standard, then those of Eurostat and of the UN. Any other text that is not a
number is refused with its cell: a dash is a missing figure to some houses, and zero to others."""

NOT_TOLD = "not told"
NO_CATEGORY = "_Z"
_LEFT = frozenset([VALUE, STATUS, FLAG, MULTIPLIER, "DECIMALS", "TIME_FORMAT"])
"""Attributes that are columns of their own, or add nothing to the figures."""


def observations_of(
    columns: Columns, payload: Payload, structure: Structure, area: Item | None
) -> pa.Table:
    """
    Return the observations of a message, as a normalizer returns them.

    :raises ContentError: A multiplier is not a power of ten.
    """
    import pyarrow as pa

    _refuse_unlisted(columns, payload, structure)
    freq, units = structure.frequency, _unit(structure, columns)
    made: dict[str, Any] = {"time_period": columns[structure.time]}
    if freq:
        made["freq"], other = translated(columns[freq.id], columns[structure.time])
    else:
        made["freq"], other = frequencies_of(columns[structure.time]), None
    if area is not None:
        made["ref_area"] = columns[area.id]
    others = structure.categories(area)
    for one in others:
        made[Dimension(id=one.id, name=one.name).column] = columns[one.id]
    if not others:
        # A flow with one figure per area and period.
        made["category"] = pa.repeat(NO_CATEGORY, len(columns[VALUE]))
        made["category_name"] = pa.repeat(structure.name, len(columns[VALUE]))
    elif any(
        "." in (code or "") for one in others for code in columns[one.id].dictionary.to_pylist()
    ):
        # A category joins codes with points, or with colons if codes contain points.
        made["category"] = _joined([columns[one.id] for one in others])
    made |= _figures(columns)
    made["unit_measure"] = (
        _names(columns[units.id], units) if units else pa.repeat(NOT_TOLD, len(columns[VALUE]))
    )
    if MULTIPLIER in columns:
        made["unit_mult"] = _multipliers(columns[MULTIPLIER], payload)
    dimensions = {one.id for one in (*structure.dimensions, *others)} | {structure.time}
    order = {one.id: number for number, one in enumerate(structure.attributes)}
    left = dimensions | _LEFT | ({units.id} if units else set())
    names = [name for name in columns if name not in left]
    names.sort(key=lambda name: (order.get(name, len(order)), name))  # the same in each format
    told = [(name, columns[name]) for name in names]
    if freq and other is not None:
        told.append((freq.id, other))
    if told:
        made["notes"] = _notes(told)
    return pa.table(made)


def _refuse_unlisted(columns: Columns, payload: Payload, structure: Structure) -> None:
    """Refuse codes that are not in the structure, which may be of another release or version."""
    import pyarrow.compute as pc

    for one in structure.dimensions:
        listed = {code.code for code in one.codes}
        if not listed or one.is_partial:
            continue
        used = pc.unique(columns[one.id]).to_pylist()
        wrong = next((code for code in used if code and code not in listed), None)
        if wrong is not None:
            hint = nearest(wrong, sorted(listed))
            end = "" if hint.endswith("?") else "."
            msg = (
                f"payload {payload.name}: {one.id} has the code {wrong!r}, which is not among the {len(listed):,} of the "
                f"structure {structure.agency}:{structure.id}({structure.version}){hint}{end} If the service has just "
                "published both, run again; else set `version` to that of the data"
            )
            raise ContentError(msg, payload=payload)


def _joined(codes: Sequence[pa.DictionaryArray]) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [one.cast(pa.string()) for one in codes]
    return pc.binary_join_element_wise(*texts, ":").dictionary_encode()


def _figures(columns: dict[str, pa.DictionaryArray]) -> dict[str, Any]:
    """
    Return the figures as printed and, if a figure is missing, the reason and the text in its place.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    printed = columns[VALUE].cast(pa.string())
    is_none = pc.is_in(pc.utf8_lower(printed), value_set=pa.array(NO_FIGURE))
    none = pc.or_kleene(pc.is_null(printed), is_none)
    nothing = pa.scalar(None, pa.string())
    symbol = pc.if_else(none, pc.if_else(pc.equal(printed, ""), nothing, printed), nothing)
    status: Any = pa.nulls(len(printed), pa.string())
    told = STATUS if STATUS in columns else FLAG
    if told in columns:
        symbol = pc.coalesce(symbol, flag_symbols(columns[told]))
        status = coded_status(columns[told]).cast(pa.string())
        status = pc.if_else(pc.equal(status, ""), nothing, status)
    confidential = pa.repeat(pa.scalar(False), len(printed))
    if CONFIDENTIAL in columns:
        closed = pa.array(["C", "D", "N", "S"])
        confidential = pc.is_in(columns[CONFIDENTIAL].cast(pa.string()), value_set=closed)
    # A missing figure is confidential or missing, even if its status says "normal".
    why = pc.if_else(confidential, "Q", "O")
    status = pc.if_else(
        pc.and_(none, pc.fill_null(pc.equal(status, "A"), fill_value=True)), why, status
    )
    return {
        "obs_value": pc.if_else(none, nothing, printed),
        "obs_status": pc.fill_null(status, "A"),
        "source_symbol": symbol,
    }


def _unit(structure: Structure, columns: dict[str, Any]) -> Item | None:
    """Return the dimension or attribute that contains the unit."""
    listed = {one.id.upper(): one for one in (*structure.attributes, *structure.dimensions)}
    found = (listed[name] for name in UNITS if name in listed and listed[name].id in columns)
    return next(found, None)


def _names(codes: pa.DictionaryArray, item: Item) -> pa.DictionaryArray:
    """Return the names of codes. An unlisted code is its own name; an empty code has no name."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = {one.code: one.name for one in item.codes}
    texts = [known.get(text, text) or NOT_TOLD for text in codes.dictionary.to_pylist()]
    named = pa.array(texts, pa.string()).take(codes.indices)
    return pc.fill_null(named, NOT_TOLD).dictionary_encode()


def _multipliers(codes: pa.DictionaryArray, payload: Payload) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        texts = [(text or "0").removesuffix(".0") for text in codes.dictionary.to_pylist()]
        powers = [int(text) for text in texts]
        return pc.fill_null(pa.array(powers, pa.int8()).take(codes.indices), 0)
    except (ValueError, OverflowError, pa.ArrowException) as error:
        msg = (
            f"payload {payload.name}: UNIT_MULT is not a power of ten ({error}); expected a "
            "number such as 6"
        )
        raise ContentError(msg, payload=payload) from None


def _notes(told: Sequence[tuple[str, pa.DictionaryArray]]) -> pa.Array:
    """
    Join all other attributes to one text: comments unchanged, others with their names.

    The text of each combination of codes is only built once.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = len(told[0][1])
    numbers = pa.repeat(pa.scalar(0, pa.int64()), rows)
    texts: Any = pa.array([""])
    for name, codes in told:
        start = "" if name == "OBS_COM" else f"{name}: "
        said = [f"{start}{text}" if text else "" for text in codes.dictionary.to_pylist()]
        said.append("")
        places = pc.fill_null(codes.indices.cast(pa.int64()), len(said) - 1)
        pairs = pc.add(pc.multiply(numbers, len(said)), places).dictionary_encode()
        before = pc.divide(pairs.dictionary, len(said))
        which = pc.subtract(pairs.dictionary, pc.multiply(before, len(said)))
        head, tail = texts.take(before), pa.array(said).take(which)
        both = pc.and_(pc.not_equal(head, ""), pc.not_equal(tail, ""))
        join = pc.if_else(both, "; ", "")
        texts = pc.binary_join_element_wise(head, join, tail, "")
        numbers = pairs.indices.cast(pa.int64())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts).take(numbers)
