"""From printed figures and note references to values, statuses, symbols and notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from statpipe.api import ContentError
from statpipe.domain.codes import encoded, looked_up
from statpipe.domain.observation import DECIMAL_DIGITS, DECIMAL_PLACES, NORMAL
from statpipe_bea.markers import MARKER, MARKERS, NoteReference, note_reference

if TYPE_CHECKING:
    import pyarrow as pa

Where = Callable[[int], str]
"""Says where a row was printed: payload and place in it."""

_PLAIN = r"^-?[0-9]+(\.[0-9]+)?$"
_WITH_COMMAS = r"^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$"


def figures(
    texts: pa.Array, references: pa.Array | None, notes: Mapping[str, str], where: Where
) -> dict[str, Any]:
    """
    Return ``obs_value``, ``obs_status``, ``source_symbol`` and ``notes`` for printed figures.

    *texts* are the figures as printed; older answers print a marker or thousands commas there.
    *references* are the NoteRefs: a marker there blanks its figure, which the API prints as ``0``.
    *notes* maps references to the texts that the payload brings.

    :raises ContentError: A figure is no number and no known marker, or stands beside a marker.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    plain, in_text = _numbers_and_markers(texts, where)
    values = _decimals(plain, where)
    if references is None and not in_text:
        return _all_normal(values)
    references = encoded(
        references if references is not None else pa.nulls(len(texts), pa.string())
    )
    taken_apart = [
        _reference(text, references, where) for text in references.dictionary.to_pylist()
    ]
    symbols = looked_up(references, [ref.marker for ref in taken_apart]).cast(pa.string())
    footnotes = looked_up(references, [_text(ref, notes) for ref in taken_apart]).cast(pa.string())
    _refuse_marked_figures(symbols, values, where)
    if in_text:
        markers = pa.array([in_text.get(row) for row in range(len(texts))], pa.string())
        symbols = pc.coalesce(markers, symbols)
        own = looked_up(
            encoded(markers),
            [notes.get(m, MARKERS[m].text) for m in encoded(markers).dictionary.to_pylist()],
        ).cast(pa.string())
        footnotes = pc.coalesce(pc.binary_join_element_wise(own, footnotes, " "), own, footnotes)
    coded = encoded(symbols)
    statuses = looked_up(coded, [MARKERS[symbol].status for symbol in coded.dictionary.to_pylist()])
    nothing = pa.scalar(None, values.type)
    return {
        "obs_value": pc.if_else(pc.is_valid(symbols), nothing, values),
        "obs_status": encoded(statuses.cast(pa.string()).fill_null(NORMAL)),
        "source_symbol": coded,
        "notes": encoded(footnotes),
    }


def _all_normal(values: pa.Array) -> dict[str, Any]:
    import pyarrow as pa

    rows = len(values)
    nothing = encoded(pa.nulls(rows, pa.string()))
    normal = encoded(pa.nulls(rows, pa.string()).fill_null(NORMAL))
    return {
        "obs_value": values,
        "obs_status": normal,
        "source_symbol": nothing,
        "notes": nothing,
    }


def _numbers_and_markers(texts: pa.Array, where: Where) -> tuple[pa.Array, dict[int, str]]:
    """Give figures as plain digits, null where a marker is printed; and those markers by row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN), False)
    if pc.all(is_plain).as_py():
        return texts, {}
    odd_rows = pc.indices_nonzero(pc.invert(is_plain)).to_pylist()
    with_commas = pc.fill_null(pc.match_substring_regex(texts, _WITH_COMMAS), False)
    markers: dict[int, str] = {}
    for row in odd_rows:
        if with_commas[row].as_py():
            continue
        text = texts[row].as_py()
        if text is None or MARKER.fullmatch(text.strip()) is None:
            msg = (
                f"{where(row)}: figure {text!r}; expected a decimal number or a marker such as (D)"
            )
            raise ContentError(msg)
        markers[row] = _known(text.strip(), row, where)
    numbers = pc.if_else(with_commas, pc.replace_substring(texts, ",", ""), texts)
    if markers:
        marked = pa.array([row in markers for row in range(len(texts))])
        numbers = pc.if_else(marked, pa.scalar(None, pa.string()), numbers)
    return numbers, markers


def _decimals(numbers: pa.Array, where: Where) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    exact = pa.decimal128(DECIMAL_DIGITS, DECIMAL_PLACES)
    try:
        return numbers.cast(exact)
    except pa.ArrowInvalid as error:
        room = DECIMAL_DIGITS - DECIMAL_PLACES
        fits = rf"^-?[0-9]{{1,{room}}}(\.[0-9]{{1,{DECIMAL_PLACES}}})?$"
        row = pc.index(pc.match_substring_regex(numbers, fits), False).as_py()
        msg = (
            f"{where(row)}: figure {numbers[row].as_py()!r}; expected at most {room} digits before "
            f"and {DECIMAL_PLACES} behind the point, since figures are kept exactly"
        )
        raise ContentError(msg) from error


def _reference(text: str, references: pa.DictionaryArray, where: Where) -> NoteReference:
    import pyarrow.compute as pc

    try:
        return note_reference(text)
    except ValueError as error:
        place = references.dictionary.to_pylist().index(text)
        row = pc.index(references.indices, place).as_py()
        msg = f"{where(row)}: {error}; if BEA has added it, statpipe-bea must learn its meaning"
        raise ContentError(msg) from error


def _known(marker: str, row: int, where: Where) -> str:
    if marker not in MARKERS:
        msg = (
            f"{where(row)}: marker {marker!r}; expected one of {', '.join(MARKERS)}; if BEA has added "
            "it, statpipe-bea must learn its meaning"
        )
        raise ContentError(msg)
    return marker


def _refuse_marked_figures(symbols: pa.Array, values: pa.Array, where: Where) -> None:
    """A marker in NoteRef stands beside "0"; beside another figure one of the two is wrong."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zero = pa.scalar("0", pa.string()).cast(values.type)
    wrong = pc.and_(pc.is_valid(symbols), pc.fill_null(pc.not_equal(values, zero), False))
    if pc.any(wrong).as_py():
        row = pc.index(wrong, True).as_py()
        msg = (
            f"{where(row)}: figure {values[row].as_py().normalize():f} beside marker "
            f"{symbols[row].as_py()}; expected 0 there, as BEA prints for a figure it does not show"
        )
        raise ContentError(msg)


def _text(reference: NoteReference, notes: Mapping[str, str]) -> str | None:
    texts = []
    if reference.marker:
        texts.append(notes.get(reference.marker, MARKERS[reference.marker].text))
    texts += [notes.get(footnote, f"Footnote {footnote}") for footnote in reference.footnotes]
    return " ".join(texts) or None
